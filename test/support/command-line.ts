import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import { databaseUrl } from './databases.js'
import { sql } from './sql.js'
import { run } from '../../src/commands/program.js'

/** The command line in a folder with a database of its own. */
export async function commandLine (t: Test, env: NodeJS.ProcessEnv = {}) {
  const url = env.DATABASE_URL ?? await databaseUrl(t)
  const call = async (args: string[], more: NodeJS.ProcessEnv = {}, answers: string[] | null = null) => {
    const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
    let out = ''
    let err = ''
    output.on('data', (chunk) => { out += chunk })
    errors.on('data', (chunk) => { err += chunk })
    const typing = type(input, () => out, answers ?? [])
    const code = await run(args, { env: { DATABASE_URL: url, ...env, ...more }, input, output, errors, interactive: answers !== null })
    typing.stop()
    return { code, out, err }
  }
  const query = (statement: string) => sql(url, statement)
  return { call, query, url }
}

/** Types an answer each time that a new question stands on the screen. */
function type (input: PassThrough, screen: () => string, answers: string[]) {
  let seen = 0
  const timer = setInterval(() => {
    const questions = screen().split('◆').length - 1
    if (questions > seen && answers.length > 0) {
      seen = questions
      input.write(answers.shift())
    }
  }, 30)
  return { stop: () => clearInterval(timer) }
}
