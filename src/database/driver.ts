import { DatabaseUnusable } from '../errors.js'
import { codeOf } from './driver-errors.js'

/** Loads what needs a driver, which is an optional dependency. @throws DatabaseUnusable where it is not installed */
export async function withDriver<Module> (driver: 'better-sqlite3' | 'pg', load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND' || !(error as Error).message.includes(`'${driver}'`)) throw error
    const message = `${driver}, the driver of such a database, is not installed; "npm install ${driver}" does that`
    throw new DatabaseUnusable(message, { cause: error })
  }
}
