import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from '../support/repository.js'
import { compile } from '../support/compile-typescript.js'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'
import * as errors from '../../src/errors.js'
import { HOST_MODULES } from './host.js'
import { run } from '../../src/commands/program.js'
import { settingsSchema } from '../../src/service/settings.js'

const execute = promisify(execFile)
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const readme = read('README.md')
const blocks = (language: string, text = readme) => [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code as string)
const column = (text: string, heading: string) => {
  const [table = ''] = text.slice(text.indexOf(heading)).split('\n\n')
  return table.split('\n').slice(2).map((row) => row.split('|')[1]?.trim() ?? '')
}

t.test('the host application of the tutorial is the example', async (t) => {
  t.equal(blocks('js')[0], read('examples/whatever/app.js'))
})

t.test('the tutorial runs, command by command', async (t) => {
  const database = join(folderOf(t), 'authtoken.db')
  // A person types at a terminal; without one HTTPie would wait for a body on standard input.
  writeFileSync(join(folderOf(t), 'config.json'), JSON.stringify({ default_options: ['--ignore-stdin'] }))
  const port = 20_000 + process.pid % 20_000
  const env = {
    ...process.env,
    DATABASE_URL: `file:${database}`,
    PORT: String(port),
    HTTPIE_CONFIG_DIR: folderOf(t),
    PATH: `${process.env.PATH}:${join(import.meta.dirname, 'bin')}`
  }
  const place = (command: string) => command.replaceAll('authtoken.db', database).replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)
  const [migrate, superuser, example, ask, exchange] = blocks('sh').slice(2).map(place)
  const shell = async (commands: string | undefined) => (await execute(...withoutCoverage('bash', '-euc', commands ?? 'false'), { cwd: ROOT, env })).stdout

  await shell(migrate)
  const made = await shell(superuser)
  const key = /^([0-9a-f]{40})\|[-\d]+ [.:\d]+\|1$/m.exec(made)?.[1]
  t.ok(key, 'select * from authtoken_token shows the token')

  t.equal(example, 'node examples/whatever/app.js\n')
  const app = spawn(...withoutCoverage(process.execPath, 'examples/whatever/app.js'), { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { app.kill('SIGKILL') })
  for await (const line of app.stdout) if (String(line).includes('listening')) break

  const [known, anonymous] = [...(await shell(ask)).matchAll(/\{[^{}]*\}/g)].map(([json]) => JSON.parse(json))
  t.same(known, { user: 'admin', auth: 'drf-1' })
  t.same(anonymous, { detail: 'Authentication credentials were not provided.' })
  for (let i = 0; i < 2; i++) t.same(JSON.parse(await shell(exchange)), { token: key }, 'the same token each time')
})

const isOfHost = (code: string) => /authtokenTables|interface FastifyAuthtoken/.test(code)

t.test('the snippets compile under strict, without a cast', async (t) => {
  const prelude = "import type { FastifyInstance, RouteHandlerMethod } from 'fastify'\nimport authtoken from 'fastify-authtoken'\ndeclare const app: FastifyInstance\ndeclare const handler: RouteHandlerMethod\ndeclare const ownCheck: typeof app.verifyToken\nvoid authtoken, handler, ownCheck\n"
  const snippets = [...blocks('ts'), ...blocks('ts', read('docs/tokens.md')), ...blocks('ts', read('docs/remote.md'))].filter((code) => !isOfHost(code))
  t.equal(await compile(t, Object.fromEntries(snippets.map((code, i) => [`snippet${i}`, `${/^import Fastify/.test(code) ? '' : prelude}${code}`]))), '')
})

t.test('so do those of a host with users of its own, in a program with its user', async (t) => {
  const snippets = [...blocks('ts', read('docs/host-users.md')), ...blocks('ts').filter(isOfHost)]
  t.ok(snippets.length > 10)
  t.equal(await compile(t, {
    ...Object.fromEntries(snippets.map((code, i) => [/^\/\/ src\/(\w+)\.ts/.exec(code)?.[1] ?? `snippet${i}`, code])),
    ...HOST_MODULES
  }), '')
})

t.test('the two commands are scripts of the package, and .ci/run takes them from here', async (t) => {
  const { scripts } = JSON.parse(read('package.json'))
  const [start, check] = blocks('sh')
  t.equal(start, 'npm ci && npm run build && npm start\n')
  t.equal(check, 'npm ci && npm run check\n')
  for (const script of ['build', 'start', 'check']) t.ok(scripts[script], script)
  t.match(read('.ci/run'), /readme_command 1[^]*readme_command 2|readme_command 2[^]*readme_command 1/)
})

t.test('every command that is named is there, with its flags', async (t) => {
  const sink = { write: () => true } as never
  const named = column(readme, '| command | does |').flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => (name as string).replace(/^authtoken /, '').replace(/ [<[].*/, '')))
  t.same(named, ['serve', 'migrate', 'check', 'import-django', 'createsuperuser', 'createuser', 'changepassword', 'create-token', 'users list',
    'tokens list', 'tokens create', 'tokens revoke', 'tokens rotate', 'tokens prune', 'tokens seal'])
  for (const name of named) {
    let help = ''
    const code = await run([...name.split(' '), '--help'], { env: {}, input: process.stdin, output: { write: (text: string) => { help += text; return true } } as never, errors: sink, interactive: false })
    t.equal(code, 0, name)
    t.match(help, `Usage: authtoken ${name}`)
  }
})

t.test('tables of options, settings and errors name what there is, and nothing else', async (t) => {
  const settings = [...read('docs/settings.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  t.same(settings, [...Object.keys(settingsSchema.properties), 'AUTHTOKEN_PASSWORD'])

  const codes = Object.values(errors).flatMap((value) => {
    const { code } = typeof value === 'function' && value.prototype instanceof Error ? new (value as new (...words: string[]) => { code?: string })('', '') : {}
    return code === undefined ? [] : [code]
  })
  const documented = column(readme, '| code | status | when |').flatMap((cell) => [...cell.matchAll(/AUTHTOKEN_\w+/g)].map(([code]) => code))
  t.same(documented.sort(), codes.sort())

  const source = read('plugins/authtoken-options.ts') + read('plugins/option-schemas.ts')
  const options = column(readme, '| option | default |').map((cell) => cell.replaceAll('`', ''))
  for (const option of options) t.match(source, new RegExp(`\\b${option.split('.').at(-1)}\\b`), option)
})

t.test('the options of remote mode are all in its page, with their defaults', async (t) => {
  const source = read('src/remote/remote-options.ts')
  const schema = /const schema = object\(\{\n([^]*?)\n\}, /.exec(source)?.[1] ?? ''
  t.same(column(read('docs/remote.md'), '| option | default |').map((cell) => cell.replaceAll('`', '')).sort(), [...schema.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name).sort())
})

t.test('links lead to files that are there', async (t) => {
  for (const file of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/deploy.md', 'docs/from-django.md', 'docs/host-users.md', 'docs/http.md', 'docs/proxies.md', 'docs/remote.md', 'examples/README.md', 'docs/settings.md', 'docs/tokens.md', 'docs/architecture.md']) {
    for (const [, target = ''] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) t.ok(existsSync(join(ROOT, file, '..', target)), `${file}: ${target}`)
  }
  for (const [, path = ''] of read('docs/architecture.md').matchAll(/`((?:src|plugins)\/[\w./-]+)`/g)) t.ok(existsSync(join(ROOT, path)), path)
})
