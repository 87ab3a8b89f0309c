import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { builtProgram, ROOT } from '../../support/repository.js'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { databaseUrl } from '../../support/databases.js'
import { withoutCoverage } from '../../support/without-coverage.js'

const CLI = [builtProgram()]
const WRITER = [join(import.meta.dirname, 'children/create-and-revoke.js')]

// A short run with the other tests; the long one is a command of its own.
const TOKENS = Number(process.env.KILL_TOKENS ?? 20_000)
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 6)
// No digest has it by chance.
const BEGIN = 'c0ffee5ea1ed'

interface Running { child: ChildProcessWithoutNullStreams, ended: Promise<unknown>, output: () => string, errors: () => string }

/** A program as a process of its own, which is killed: outside the test runner, which waits for what its children have to say. */
function start (t: Test, args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(...withoutCoverage(process.execPath, ...args), { cwd: ROOT, env: { ...process.env, ...env } })
  t.teardown(() => { child.kill('SIGKILL') })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.stderr.on('data', (chunk) => { errors += chunk })
  return { child, ended: once(child, 'close'), output: () => output, errors: () => errors }
}

/** Waits until it is so, as long as all of them run. */
async function until (running: Running[], condition: () => boolean): Promise<void> {
  while (!condition()) {
    const ended = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
    if (ended !== undefined) throw new Error(`ended too early: ${ended.output().slice(-200)} ${ended.errors()}`)
    await sleep(10)
  }
}

/** Users with a DRF token each. @returns whose each key is */
function fill (path: string): Map<string, number> {
  const keys = Array.from({ length: TOKENS }, () => BEGIN + randomBytes(20).toString('hex').slice(BEGIN.length))
  const client = new SQLite(path)
  const user = client.prepare(`insert into auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
    values (?, '!', 0, ?, '', '', 0, 1, '2026-01-01 00:00:00.000000', '')`)
  const token = client.prepare("insert into authtoken_token (key, created, user_id) values (?, '2026-01-02 03:04:05.678901', ?)")
  client.transaction(() => {
    keys.forEach((key, index) => {
      user.run(index + 1, `user${index + 1}`)
      token.run(key, index + 1)
    })
  })()
  client.close()
  return new Map(keys.map((key, index) => [key, index + 1]))
}

/** What the writers said: what was answered, and what was begun and may be either way. */
function readAnswers (outputs: string[]) {
  const created = new Map<string, number>()
  const revoked = new Set<string>()
  const begun = new Map<string, number>()
  for (const output of outputs) {
    // Behind the last newline is what was cut off.
    for (const line of output.split('\n').slice(0, -1)) {
      const [word, key = '', id] = line.split(' ')
      if (word === 'created') created.set(key, Number(id))
      if (word === 'revoking') begun.set(key, (begun.get(key) ?? 0) + 1)
      if (word === 'revoked' || word === 'absent') begun.set(key, (begun.get(key) ?? 0) - 1)
      if (word === 'revoked') revoked.add(key)
    }
  }
  const stands = (key: string) => !revoked.has(key) && (begun.get(key) ?? 0) === 0
  return { created, revoked, stands }
}

const digestOf = (key: string) => createHash('sha256').update(key).digest('hex')

// On a machine that has more to do.
t.setTimeout(300_000)

t.test(`no answer is taken back where seal and writers are killed ${ROUNDS} times, and a second seal finishes the rest`, async (t) => {
  const url = await databaseUrl(t)
  const path = url.slice('file:'.length)
  await (await openAuthtoken({ database: url })).close()
  const owners = fill(path)
  // A connection for each look: one that stayed would keep the journal from being recovered after each kill.
  const look = (sql: string) => {
    const client = new SQLite(path, { readonly: true, timeout: 5_000 })
    try {
      return client.prepare(sql).pluck().all()
    } finally {
      client.close()
    }
  }
  const left = () => Number(look('select count(*) from authtoken_token')[0])
  const sealed = () => Number(look("select count(*) from authtoken_accesstoken where kind = 'sealed'")[0])

  const outputs: string[] = []
  const rounds = []
  // Each starts while the one before it works, and waits.
  const startWriter = () => start(t, [...WRITER, path, String(TOKENS)])
  let next = startWriter()
  for (let round = 0; round < ROUNDS; round++) {
    const before = { left: left(), sealed: sealed() }
    const writer = next
    writer.child.stdin.write('go\n')
    const seal = start(t, [...CLI, 'tokens', 'seal', '--noinput'], { DATABASE_URL: url })
    next = startWriter()
    const client = new SQLite(path, { readonly: true, timeout: 5_000 })
    // Not the tokens that are left: the writer ends some of these.
    const count = client.prepare("select count(*) from authtoken_accesstoken where kind = 'sealed'").pluck()
    await until([writer, seal], () => Number(count.get()) > before.sealed && writer.output().includes('revoked'))
    client.close()
    // Elsewhere in a batch each time.
    await sleep(round * 7 % 60)
    seal.child.kill('SIGKILL')
    writer.child.kill('SIGKILL')
    await Promise.all([seal.ended, writer.ended])
    outputs.push(writer.output())
    rounds.push({
      seal: seal.child.signalCode,
      writer: writer.child.signalCode,
      fewer: left() < before.left,
      sealed: sealed() > before.sealed,
      left: left() > 0
    })
  }
  next.child.kill('SIGKILL')
  t.same(rounds, Array(ROUNDS).fill({ seal: 'SIGKILL', writer: 'SIGKILL', fewer: true, sealed: true, left: true }), 'each kill hit a seal that ran')

  const rest = left()
  for (const [name, expected] of [['the second', rest], ['a third', 0]] as const) {
    const seal = start(t, [...CLI, 'tokens', 'seal', '--noinput', '--json'], { DATABASE_URL: url })
    await seal.ended
    t.same({ code: seal.child.exitCode, out: seal.output(), err: seal.errors() }, { code: 0, out: `{"sealed":${expected}}\n`, err: '' }, `${name} seal ends`)
    t.equal(left(), 0)
  }
  t.same(look("select value from authtoken_state where name = 'seal'"), ['done'])
  t.same(look('pragma integrity_check'), ['ok'])
  for (const file of [path, `${path}-wal`]) if (existsSync(file)) t.notOk(readFileSync(file).includes(BEGIN), 'no key is left in clear')

  const { created, revoked, stands } = readAnswers(outputs)
  const revokedDrf = [...revoked].filter((key) => owners.has(key))
  t.comment(`${rest} of ${TOKENS} were left; ${created.size} created, ${revoked.size} revoked, ${revokedDrf.length} of them DRF tokens, ${outputs.join('').split('unavailable').length - 1} times unavailable`)
  t.ok(created.size >= ROUNDS * 2 && revoked.size >= ROUNDS && revokedDrf.length > 0, 'much was answered meanwhile')

  const { authenticator, close } = await openAuthtoken({ database: url, migrate: false })
  t.teardown(close)
  const identify = async (key: string) => {
    const identity = await authenticator.authenticate(key)
    return identity === null ? null : `${identity.token.kind} of ${identity.user.id}`
  }
  const wrong = async (keys: Iterable<string>, expected: (key: string) => string | null) => {
    const found = []
    for (const key of keys) {
      const [is, should] = [await identify(key), expected(key)]
      if (is !== should) found.push({ key, is, should })
    }
    return found
  }
  t.same(await wrong([...created.keys()].filter(stands), (key) => `access of ${created.get(key)}`), [], 'what was answered as created works')
  t.same(await wrong(revoked, () => null), [], 'what was answered as revoked does not')

  const sealedKeys = [...owners.keys()].filter(stands)
  const sample = sealedKeys.filter((_, index) => index % Math.floor(sealedKeys.length / 1_000) === 0)
  t.ok(sample.length >= 1_000)
  t.same(await wrong(sample, (key) => `sealed of ${owners.get(key)}`), [], 'sealed tokens work')

  const digests = new Map(look("select digest || ' ' || user_id from authtoken_accesstoken where kind = 'sealed'").map((text) => String(text).split(' ') as [string, string]))
  t.same(sealedKeys.filter((key) => digests.get(digestOf(key)) !== String(owners.get(key))), [], 'each token that nobody revoked is there')
  t.ok(digests.size >= sealedKeys.length && digests.size <= TOKENS - revokedDrf.length, 'and none is there twice')
})
