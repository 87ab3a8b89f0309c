import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../support/check-report.js'
import { environment, runProgram } from '../../support/child-program.js'
import { guideCalls, type Places } from './guide.js'
import type { Keys } from './service.js'

/** The guide's calls work as they stand there. Which of the programs is not installed is noted. */
export async function checkCalls (report: Report, places: Places, keys: Keys, folder: string): Promise<void> {
  // Nobody types here: HTTPie would wait for a body on standard input.
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ default_options: ['--ignore-stdin'] }))
  const env = environment({ TOKEN: keys.orders, INTROSPECT: keys.staff, HTTPIE_CONFIG_DIR: folder, PATH: `/usr/bin:${process.env.PATH}` })
  const calls = guideCalls(places)
  report.check('there are calls by three programs', new Set(calls.map(({ program }) => program)).size === 3)
  for (const { program, script } of calls) {
    const [args, needs] = program === 'python3'
      ? [['-c', script], ['-c', 'import requests']]
      : [['-euc', script], ['-c', `command -v ${program}`]]
    const shell = program === 'python3' ? program : 'bash'
    if ((await runProgram(shell, needs, { env })).code !== 0) {
      report.note(`${program} is not installed, or lacks requests: not called`)
      continue
    }
    const { code, output, errors } = await runProgram(shell, args, { env })
    const expected = program === 'python3'
      ? /^200 None\nTrue\n$/
      : script.includes('/introspect') ? /"active": ?true/ : /"url": ?"\/orders\/1"/
    report.check(`${program}: ${script.split('\n')[0]}`, code === 0 && expected.test(output), `${output}${errors}`)
  }
}
