import { chmodSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { run } from '../../../src/commands/program.js'
import { commandLine } from '../../support/command-line.js'

const PASSWORD = 'unlike-it-1'

t.test('the password is out of the environment before anything is opened or asked', async (t) => {
  const { call, url } = await commandLine(t)
  t.match(await call(['migrate']), { code: 0 })
  const commands: Array<[code: number, args: string[]]> = [
    [0, ['createuser', '--noinput', '--username', 'ann']],
    [0, ['createsuperuser', '--noinput', '--username', 'root']],
    [0, ['changepassword', '--noinput', 'ann']],
    [1, ['changepassword', '--noinput', 'nobody']],
    [1, ['createuser']]
  ]
  for (const [code, args] of commands) {
    const env: NodeJS.ProcessEnv = { DATABASE_URL: url, AUTHTOKEN_PASSWORD: PASSWORD }
    const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const running = run(args, { env, input, output, errors, interactive: false })
    t.equal(await running, code, args.join(' '))
    t.same(env, { DATABASE_URL: url }, args.join(' '))
  }
})

t.test('check names a file that every user of the machine may read', async (t) => {
  const { call, url } = await commandLine(t)
  t.match(await call(['migrate']), { code: 0 })
  const file = url.slice('file:'.length)
  for (const [mode, advice] of [[0o644, ['0644']], [0o664, ['0664']], [0o606, ['0606']], [0o600, []], [0o640, []]] as const) {
    chmodSync(file, mode)
    const said = JSON.parse((await call(['check', '--json'])).out).advice
    t.same(said, advice.map((mode) => `is open to every user of this machine (mode ${mode}); let its owner alone have it (chmod 600 <file>)`))
  }
})
