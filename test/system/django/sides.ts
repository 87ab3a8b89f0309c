import { createDjango } from './django.js'
import type { Report } from '../../support/check-report.js'
import { createService } from './service.js'

/** Both sides at work on one file, at the same time. */
export type Sides = Awaited<ReturnType<typeof startSides>>

/** What every section of checks gets. */
export interface Context {
  report: Report
  /** A folder that goes with the run. */
  folder: string
  /** Which of Django's optional packages are there. */
  packages: { argon2: boolean, bcrypt: boolean }
}

/**
 * Starts both sides.
 * @param path of a database that Django has migrated
 * @param settings of our service
 */
export async function startSides (path: string, settings: NodeJS.ProcessEnv = {}) {
  const django = createDjango(path)
  const service = createService(path, settings)
  const [ours, theirs, orm] = await Promise.all([service.serve(), django.serve(), django.open()])
  return {
    path,
    /** Our service, over HTTP. */
    ours,
    /** Django, over HTTP. */
    theirs,
    /** Django's ORM. */
    orm,
    /** Our commands. */
    command: service.command,
    /** Django's commands. */
    manage: django.manage,
    stop: async (): Promise<void> => { await Promise.all([ours.stop(), theirs.stop(), orm.stop()]) }
  }
}
