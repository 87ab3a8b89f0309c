import { join } from 'node:path'
import { environment, type Outcome, runProgram } from '../../test/support/child-program.js'
import { type Field, SERVED } from './contestant.js'

const PYTHON = '/usr/bin/python3'
const FOLDER = join(import.meta.dirname, 'django')

/** Django REST framework, where Debian's packages are installed. @param folder for its database */
export async function djangoContestants (folder: string): Promise<Field> {
  const settings = { DATABASE: join(folder, 'django.db') }
  const failed = (error: Error): Outcome => ({ code: 1, output: '', errors: error.message })
  const prepared = await runProgram(PYTHON, ['-B', 'prepare.py'], { cwd: FOLDER, env: environment(settings) }).catch(failed)
  if (prepared.code !== 0) {
    const reason = prepared.errors.trim().split('\n').at(-1)
    const note = "left out: Django REST framework, since Debian's python3-djangorestframework and gunicorn are not installed"
    return { contestants: [], notes: [`${note} (${reason})`] }
  }
  const { key, versions } = JSON.parse(prepared.output)
  return {
    contestants: ['sync', 'gthread'].map((kind) => ({
      name: `django-${kind}`,
      what: `Django REST framework, gunicorn ${kind}, SQLite`,
      command: [PYTHON, '-B', '-m', 'gunicorn', '--worker-class', kind],
      settings,
      cwd: FOLDER,
      authorization: [`Token ${key}`],
      answer: SERVED
    })),
    notes: [`${versions}: one worker on the core of the servers, no middleware, JSON alone, a connection to the database that is kept`]
  }
}
