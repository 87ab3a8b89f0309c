// The package as somebody gets it: packed, installed into an empty project, compiled and run.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../support/repository.js'
import { createClient } from '../django/client.js'
import { runProgram } from '../../support/child-program.js'
import { createReport, type Report } from '../../support/check-report.js'
import { checkContents } from './contents.js'
import { createProject, npmEnvironment, type Project } from './project.js'
import { checkRemote } from './remote.js'
import { findSnippet, type Snippet } from './snippet.js'
import { checkTypes } from './types.js'

const LIMIT_MS = 20 * 60_000
const START_MS = 30_000
const PASSWORD = 'correct-horse-9'
const DRIVERS = ['better-sqlite3', 'pg']
const HASHING = ['bcrypt', '@node-rs/argon2', 'piscina']

async function run (): Promise<0 | 1> {
  const report = createReport()
  const folder = mkdtempSync(join(tmpdir(), 'authtoken-package-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  setTimeout(() => {
    report.check(`all of it takes less than ${LIMIT_MS / 60_000} minutes`, false)
    process.exit(report.finish())
  }, LIMIT_MS).unref()

  const tarball = await pack(report, folder)
  if (tarball === null) return report.finish()
  await report.section('the tarball', () => lint(report, tarball))
  await report.section('the project', async () => {
    const port = await freePort()
    const snippet = findSnippet(readFileSync(join(ROOT, 'README.md'), 'utf8'), port)
    const project = createProject(join(folder, 'project'))
    await install(report, project, tarball)
    await report.section('contents', async () => checkContents(report, project))
    project.write('app.ts', snippet.code)
    await report.section('types', () => checkTypes(report, project))
    await report.section('entries', async () => {
      for (const entry of ['', '/sqlite', '/postgres', '/testing', '/remote', '/client']) {
        report.equal(
        `fastify-authtoken${entry} loads no driver before a database is opened`,
        await project.loadedBy(`fastify-authtoken${entry}`, DRIVERS),
        []
        )
      }
      report.equal('fastify-authtoken/remote loads no password hashing', await project.loadedBy('fastify-authtoken/remote', HASHING), [])
      report.equal(
        'fastify-authtoken/client loads nothing',
        await project.loadedBy('fastify-authtoken/client', [...HASHING, 'fastify', 'undici', '@fastify/error', '@sinclair/typebox']),
        []
      )
    })
    await report.section('the snippet at work', () => runSnippet(report, project, snippet, port))
    await report.section('the service at work', () => runService(report, project, snippet))
    await report.section('an application in remote mode', () => checkRemote(report, project, tarball, join(folder, 'remote')))
  })
  return report.finish()
}

async function pack (report: Report, folder: string): Promise<string | null> {
  for (const name of ['project', 'remote']) mkdirSync(join(folder, name))
  const { code, output, errors } = await runProgram('npm', ['pack', '--pack-destination', folder], {
    cwd: ROOT,
    env: npmEnvironment(),
    timeoutMs: 180_000
  })
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  report.check('npm pack builds and packs', code === 0 && name !== undefined, output + errors)
  return name === undefined ? null : join(folder, name)
}

async function lint (report: Report, tarball: string): Promise<void> {
  for (const args of [['publint', '--strict'], ['attw', '--profile', 'esm-only', '--no-color']]) {
    const { code, output, errors } = await runProgram('npx', ['--no-install', ...args, tarball], { cwd: ROOT })
    report.check(`${args.join(' ')} passes`, code === 0, output + errors)
  }
}

async function install (report: Report, project: Project, tarball: string): Promise<void> {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  const packages = ['fastify@5', ...['typescript', 'native-typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`)]
  const { code, output, errors } = await project.install(tarball, ...packages)
  report.check('npm install installs the tarball beside Fastify 5', code === 0, output + errors)
  report.check('better-sqlite3 is there, and compiled', project.has('node_modules/better-sqlite3/build/Release/better_sqlite3.node'))
  for (const [, name] of errors.matchAll(/EBADENGINE +package: '([^']+)'/g)) {
    report.note(`npm warns that ${name} is not made for Node ` +
      `${process.versions.node}`)
  }
  for (const [, name] of errors.matchAll(/npm warn install-scripts +(\S+@\S+) /g)) report.note(`npm warns that the install script of ${name} is not approved`)
}

async function runSnippet (report: Report, project: Project, { path, database }: Snippet, port: number): Promise<void> {
  const server = await project.start('app.js')
  try {
    const client = createClient(`http://127.0.0.1:${port}`, path)
    const answer = await untilUp(() => client.request('GET', path), () => server.errors.join(''))
    report.equal('without a token: 401 with the challenge Token', [answer.status, answer.headers.get('www-authenticate'), answer.body],
      [401, 'Token', { detail: 'Authentication credentials were not provided.' }])

    const made = await project.command(
      ['authtoken', 'createsuperuser', '--noinput', '--username', 'ada', '--email', 'ada@example.org'],
      { DATABASE_URL: database, AUTHTOKEN_PASSWORD: PASSWORD }
    )
    report.equal(
      'npx authtoken createsuperuser makes a user in the database of the running program',
      [made.code, made.output],
      [0, 'Superuser created successfully.\n']
    )
    const key = await client.login('ada', PASSWORD)
    report.check('the exchange gives a token', /^[0-9a-f]{40}$/.test(key), key)
    report.equal('with the token: 200 and the user\'s name', await client.who(key), 'ada')
    report.equal('with another: 401', await client.who('0'.repeat(40)), '401 Invalid token.')
    report.equal('a wrong password: 400', await client.login('ada', 'wrong'), '400 Unable to log in with provided credentials.')
    const shown = await project.command(['authtoken', 'create-token', 'ada'], { DATABASE_URL: database })
    report.equal('npx authtoken create-token shows the same token', shown.output, `Generated token ${key} for user ada\n`)
  } finally {
    await server.stop()
  }
}

async function runService (report: Report, project: Project, { database }: Snippet): Promise<void> {
  const server = await project.startCommand(
    ['authtoken', 'serve'],
    /"Server listening at (http:[^"]+)"/,
    { DATABASE_URL: database, PORT: '0' }
  )
  try {
    const client = createClient(server.found, '/users/me/')
    report.equal('npx authtoken serve runs on the same database', await client.who(await client.login('ada', PASSWORD)), 'ada')
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    const { body } = await client.request('GET', '/openapi.json')
    report.equal('it knows its version', (body as { info: { version: string } }).info.version, version)
    for (const path of ['/healthz', '/readyz', '/docs/', '/docs/static/swagger-ui.css']) {
      report.equal(`it answers ${path}`, (await client.request('GET', path)).status, 200)
    }
  } finally {
    await server.stop()
  }
}

async function untilUp<T> (attempt: () => Promise<T>, errors: () => string): Promise<T> {
  const deadline = performance.now() + START_MS
  while (true) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`the program does not answer: ${errors()}`, { cause: error })
      await sleep(100)
    }
  }
}

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

process.exitCode = await run()
