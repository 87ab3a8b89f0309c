import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { generateDrfKey } from '../../../src/tokens/format.js'
import t, { type Test } from 'tap'
import { builtProgram } from '../../support/repository.js'
import { openAuthtoken } from '../../../src/index.js'
import { run } from '../../../src/commands/program.js'
import { sealTokens } from '../../../src/tokens/sealing.js'
import { buildService } from '../../support/applications.js'
import { copyFixture } from '../../support/fixtures.js'
import { databaseUrl, open } from '../../support/databases.js'
import { withoutCoverage } from '../../support/without-coverage.js'
import { type Case, cases, createReplay, listenForCases } from '../../support/conformance.js'
import { exchange, type RawResponse } from '../../support/raw-http.js'

// Built, it starts faster.
const CLI = builtProgram()
const CASES_WANTED = 30

/** Cases whose request shows a key behind a keyword, someone's or no one's, and whose answer is not a login's new token. */
const aboutTokens = cases.filter(({ request, response }) =>
  request.headers.some(([name, value]) => /^authorization$/i.test(name) && /<TOKEN|^\s*(?:Token|Bearer)\s+\S/i.test(value)) &&
  !(typeof response.json === 'object' && response.json !== null && 'token' in response.json))
const login = cases.find(({ name }) => name === 'login-creates-missing-token') as Case

/** An answer without what differs from one to the next. */
const comparable = ({ status, headers: { date, ...headers }, text }: RawResponse) => ({ status, headers, text })

/** The command line on a file. */
async function command (path: string, ...args: string[]) {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const code = await run(args, { env: { DATABASE_URL: `file:${path}` }, input, output, errors, interactive: false })
  return { code, out: String(output.read() ?? ''), err: String(errors.read() ?? '') }
}

/** The keys that stand in a database's files. */
function keysIn (path: string, keys: string[]): string[] {
  const files = ['', '-wal', '-shm', '-journal'].map((suffix) => path + suffix).filter((name) => existsSync(name)).map((name) => readFileSync(name))
  return keys.filter((key) => files.some((file) => file.includes(key)))
}

function rows (path: string, sql: string): unknown[] {
  const client = new SQLite(path, { readonly: true })
  try {
    return client.prepare(sql).all()
  } finally {
    client.close()
  }
}

/** A copy of the recorded database, in a journal mode. */
function copyRecorded (t: Test, mode: string): string {
  const path = copyFixture(t, 'conformance/django.sqlite3')
  const client = new SQLite(path)
  client.pragma(`journal_mode = ${mode}`)
  client.close()
  return path
}

t.ok(aboutTokens.length > CASES_WANTED, `${aboutTokens.length} cases are about tokens`)
for (const name of ['auth-valid', 'auth-inactive-user', 'auth-deleted-user', 'login-created-token-works', 'x-bearer-lower-keyword']) {
  t.ok(aboutTokens.some((one) => one.name === name), `${name} is one of them`)
}

for (const mode of ['delete', 'wal']) {
  for (const isRunning of [false, true]) {
    t.test(`sealed tokens get DRF's answers (journal_mode ${mode}, ${isRunning ? 'sealed while the service runs and another program has the file open' : 'sealed while nobody is there'})`, async (t) => {
      const path = copyRecorded(t, mode)
      const { keys, bytesOf, differences } = createReplay()
      let service = await listenForCases(t, `file:${path}`)
      const send = async (one: Case) => await exchange(service.port, bytesOf(one.request))
      const replay = async () => {
        const answers = new Map<string, ReturnType<typeof comparable>>()
        const found: string[] = []
        for (const one of aboutTokens) {
          const got = await send(one)
          answers.set(one.name, comparable(got))
          if (one.tier === 'must') found.push(...differences(one, got).map((difference) => `${one.name}: ${difference}`))
        }
        return { answers, found }
      }

      keys.set('notoken', JSON.parse((await send(login)).text).token)
      const secrets = [...keys.values()].filter((key) => key !== null)
      const sealable = rows(path, 'select key from authtoken_token').length
      const { answers: before } = await replay()
      t.ok(keysIn(path, secrets).length > 20, 'in clear before')

      let other: SQLite.Database | undefined
      if (isRunning) {
        other = new SQLite(path)
        t.equal(other.prepare('select count(*) from authtoken_token').pluck().get(), sealable)
      } else {
        await service.app.close()
      }
      const sealed = await command(path, 'tokens', 'seal', '--noinput')
      t.match(sealed, { code: 0, out: `Sealed ${sealable} tokens\n`, err: '' })
      t.same(keysIn(path, secrets), [], 'nothing in clear is left, while the file is still open')
      t.same(rows(path, 'select * from authtoken_state'), [{ name: 'seal', value: 'done' }])
      t.same(rows(path, 'select kind, count(*) as count from authtoken_accesstoken group by kind'), [{ kind: 'sealed', count: sealable }])
      t.same(rows(path, 'pragma journal_mode'), [{ journal_mode: mode }])
      if (!isRunning) service = await listenForCases(t, `file:${path}`)

      const holdsGood = async (name: string) => {
        const { answers, found } = await replay()
        t.same(found, [], `DRF's answers ${name}`)
        t.same(answers, before, `the same answers as before ${name}`)
      }
      await holdsGood('after sealing')

      const tokens: string[] = []
      for (let time = 0; time < 2; time++) {
        const answer = await send(login)
        t.match(answer, { status: 200, text: /^\{"token":"fat_[0-9A-Za-z]{36}"\}$/ }, 'a login answers with an access token')
        tokens.push(JSON.parse(answer.text).token)
      }
      t.not(tokens[0], tokens[1])
      for (const token of tokens) {
        const answer = await fetch(`http://127.0.0.1:${service.port}/whatever/`, { headers: { authorization: `Token ${token}` } })
        t.match(await answer.json(), { user: 'notoken' })
      }
      t.match(await command(path, 'createuser', '--noinput', '--username', 'newcomer'), { code: 0, err: '' })
      for (const args of [['alice'], ['-r', 'alice'], ['newcomer'], ['--missing']]) {
        t.same(await command(path, 'create-token', ...args), { code: 1, out: '', err: 'authtoken: The DRF tokens of this database are sealed. Make an access token instead.\n' }, args.join(' '))
      }
      t.match(await command(path, 'tokens', 'seal', '--noinput'), { code: 0, out: 'Sealed 0 tokens\n', err: '' })
      t.same(rows(path, 'select * from authtoken_state'), [{ name: 'seal', value: 'done' }])
      t.same(rows(path, "select username from auth_user where username = 'newcomer'"), [{ username: 'newcomer' }])
      await holdsGood('after logins, a new user and sealing again')

      t.same(rows(path, 'select * from authtoken_token'), [])
      t.same(keysIn(path, [...secrets, ...tokens]), [])
      other?.close()
      await service.app.close()
      t.same(keysIn(path, [...secrets, ...tokens]), [], 'after the last one has closed the file, too')
    })
  }
}

for (const mode of ['delete', 'wal']) {
  t.test(`no request is refused while tokens are sealed by another process (journal_mode ${mode})`, async (t) => {
    const url = await databaseUrl(t)
    const path = url.slice('file:'.length)
    await (await openAuthtoken({ database: url })).close()
    const client = new SQLite(path)
    t.teardown(() => client.close())
    client.pragma(`journal_mode = ${mode}`)
    const keys: string[] = []
    client.transaction(() => {
      const addUser = client.prepare("insert into auth_user (password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name) values ('!', 0, ?, '', '', 0, 1, '2026-01-01 00:00:00', '')")
      const addToken = client.prepare("insert into authtoken_token (key, created, user_id) values (?, '2026-01-01 00:00:00', ?)")
      for (let index = 0; index < 2500; index++) {
        const key = generateDrfKey()
        addToken.run(key, addUser.run(`user${index}`).lastInsertRowid)
        keys.push(key)
      }
    })()

    const { server } = await buildService(t, { DATABASE_URL: url, LOG_LEVEL: 'silent' })
    const traffic = { isOver: false }
    const answers = new Map<number, number>()
    const left = new Set<number>()
    const count = client.prepare('select count(*) from authtoken_token').pluck()
    const ask = async (from: number) => {
      for (let index = from; !traffic.isOver; index = (index + 7) % keys.length) {
        const { statusCode } = await server.inject({ url: '/users/me/', headers: { authorization: `Token ${keys[index]}` } })
        answers.set(statusCode, (answers.get(statusCode) ?? 0) + 1)
        // Leaves the other process its time.
        if (index % 5 === 0) await sleep(2)
      }
    }
    const asking = Promise.all([0, 600, 1200, 1800].map(ask))
    const watching = setInterval(() => {
      try {
        left.add(count.get() as number)
      } catch {}
    }, 1)
    const child = spawn(...withoutCoverage(process.execPath, CLI, 'tokens', 'seal', '--noinput', '--json'), { env: { ...process.env, DATABASE_URL: url }, stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => { child.kill('SIGKILL') })
    let output = ''
    child.stdout.on('data', (chunk) => { output += chunk })
    const [code] = await once(child, 'close')
    traffic.isOver = true
    clearInterval(watching)
    await asking

    t.equal(code, 0)
    t.same(JSON.parse(output), { sealed: keys.length })
    t.same([...answers.keys()], [200], `${answers.get(200)} answers, and ${left.size} different counts of DRF tokens seen`)
    t.ok(left.size > 1, 'they were asked for in the middle of it')
    t.equal(count.get(), 0)
    const refused = []
    for (const key of keys) {
      const { statusCode } = await server.inject({ url: '/users/me/', headers: { authorization: `Token ${key}` } })
      if (statusCode !== 200) refused.push(key)
    }
    t.same(refused, [], 'each is good behind it')
    t.same(keysIn(path, keys), [])
    // It writes the last uses, while the file is there.
    await server.close()
  })
}

t.test('a file that can not be rewritten is said to hold traces of what was sealed', async (t) => {
  const url = await databaseUrl(t)
  await (await openAuthtoken({ database: url })).close()
  const client = new SQLite(url.slice('file:'.length))
  t.teardown(() => client.close())
  const { database } = await open(t, { database: drizzle(client) })
  // No file is rewritten within a transaction.
  client.exec('begin')
  await t.rejects(sealTokens(database), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: /traces of them are left in it.* Run "authtoken tokens seal" again\.$/ })
})
