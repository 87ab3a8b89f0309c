import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from '../support/repository.js'
import { compile } from '../support/compile-typescript.js'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'
import * as errors from '../../src/errors.js'
import { HOST_MODULES } from './host.js'
import { documents } from './option-documents.js'
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
})

t.test('what documents and docstrings say of options is what their schemas say', async (t) => {
  for (const [path, write] of Object.entries(documents)) t.equal(read(path), write(read(path)), `${path}: npm run docs`)
  t.ok(column(readme, '| option | default |').includes('`pool.size`'))
  t.match(write('docs/settings.md', '## PORT\nan old line\n\nby hand\n'), /^## PORT\nPort to listen on.* Default: `8000`\. Must be a whole number from 0 to 65535\.\n\nby hand\n$/)
  t.match(write('docs/remote.md', '| option | default | what |\n|---|---|---|\n| `old` | 1 | x |\n\nend'), /\| `feed` \| `true` \|[^]*\n\nend$/)
  t.match(write('src/options/cache-options.ts', '  /** Old. @default 5 */\n  size: x\n'), /^ {2}\/\*\* Tokens .* @default 100000 \*\/\n {2}size: x\n$/)
})

const write = (path: string, text: string): string => documents[path]?.(text) ?? ''

t.test('links lead to files that are there', async (t) => {
  const pages = filesIn('docs/').filter((path) => path.endsWith('.md'))
  for (const file of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', ...pages]) {
    for (const [, target = ''] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) t.ok(existsSync(join(ROOT, file, '..', target)), `${file}: ${target}`)
  }
})

t.test('the architecture names files and calls that are there', async (t) => {
  const page = read('docs/architecture.md')
  for (const [path] of page.matchAll(/\b(?:src|plugins|scripts)\/[\w/-]*(?:\.\w+)?/g)) t.ok(existsSync(join(ROOT, path)), path)

  const pictures = blocks('mermaid', page)
  t.equal(pictures.length, 3)
  for (const picture of pictures) {
    t.notMatch(picture, /[;#]/, 'which end a line of Mermaid')
    const places = new Map([...picture.matchAll(/participant (\w+) as (\S+)/g)].map(([, name, path]) => [name, path as string]))
    const calls = [...picture.matchAll(/->>(\w+): (\w+)\(/g)].map(([, name, call]) => [places.get(name as string), call] as const)
    t.ok(calls.length > 2)
    for (const [path = '', call] of calls) t.match(sourceOf(path), new RegExp(`\\b${call}(?: =)? ?(?:<.*>)?[(:]`), `${path}: ${call}`)
  }
})

t.test('the decisions are all in their index, with their dates', async (t) => {
  const records = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name !== 'README.md').sort()
  const index = records.map((name) => {
    const [, title, date] = /^# (.+)\n\n(\d{4}-\d\d-\d\d)\n/.exec(read(`docs/decisions/${name}`)) ?? []
    return `- [${name.slice(0, 4)}](${name}) ${title} (${date})`
  })
  t.same(read('docs/decisions/README.md').trimEnd().split('\n').slice(4), index)
})

const filesIn = (folder: string): string[] => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => folder + name)

const sourceOf = (path: string): string => (path.endsWith('/') ? filesIn(path).filter((name) => name.endsWith('.ts')) : [path]).map(read).join('\n')
