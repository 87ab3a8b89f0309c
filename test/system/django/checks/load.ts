import { join } from 'node:path'
import { createDjango } from '../django.js'
import { readColumn } from '../rows.js'
import { type Context, type Sides, startSides } from '../sides.js'

const SECONDS = 10
const PASSWORD = 'correct-horse-9'
const CHECKERS = 4
const LOGINS = 5_000
/** Milliseconds between two writes of Django's: none, and what a busy site has. */
const PAUSES = [0, 2]
const KEY = /^[0-9a-f]{40}$/

/** How often what was answered: `good`, or what else was said. */
type Answers = Record<string, number>

interface Users {
  /** Key of a superuser. */
  admin: string
  /** Names and keys of users whose tokens stay. */
  steady: Array<[string, string]>
}

/** Django writes while our service verifies, logs in and writes, all on one file. */
export async function checkLoad (context: Context): Promise<void> {
  for (const mode of ['delete', 'wal']) for (const pause of PAUSES) await checkOnce(context, mode, pause)
}

async function checkOnce ({ report, folder }: Context, mode: string, pause: number): Promise<void> {
  const path = join(folder, `load-${mode}-${pause}.sqlite3`)
  const title = `${mode}, ${pause} ms between Django's writes`
  await createDjango(path).manage('migrate')
  const writer = await createDjango(path).open()
  report.equal(`the journal mode is ${mode}`, await writer.call('journal_mode', { mode }), mode)
  const users = {
    admin: await writer.call<string>('create_user', { username: 'admin', password: PASSWORD, is_superuser: true }),
    steady: Object.entries(await writer.call<Record<string, string>>('create_users', {
      prefix: 'steady-',
      count: 20,
      password: PASSWORD,
      token: true
    }))
  }
  await writer.call('create_users', { prefix: 'login-', count: LOGINS, password: PASSWORD, token: false })

  const sides = await startSides(path)
  try {
    const [{ written, replaced, locked }, { answers, slowest, issued, firstName }] = await Promise.all([
      writer.call<{ written: Record<string, string>, replaced: number, locked: number }>('write_for', {
        seconds: SECONDS,
        prefix: 'writer-',
        pause: pause / 1000
      }),
      work(sides, users)
    ])
    const { 'checks by Django': control, ...ours } = answers
    report.note(`Django wrote ${Object.keys(written).length} users with tokens (${replaced} replaced), found the file locked ` +
      `${locked} times, and answered ${JSON.stringify(control)}`)
    report.note(`we answered ${JSON.stringify(ours)}; the slowest check took ${Math.round(slowest)} ms`)
    for (const [kind, outcomes] of Object.entries(ours)) {
      report.equal(
      `all ${kind} are answered well (${title})`,
      Object.keys(outcomes),
      ['good']
      )
    }
    report.check(`Django is never told that the file is locked (${title})`, locked === 0, { locked })
    report.equal(
      `every user and token that Django wrote is there (${title})`,
      await sides.orm.call('tokens', { prefix: 'writer-' }),
      written
    )
    report.equal(`every token that we gave is there, and no other (${title})`, await sides.orm.call('tokens', { prefix: 'login-' }), issued)
    report.equal(`our last change is there (${title})`, readColumn(path, 'steady-0', 'first_name'), firstName)
    const complaints = sides.ours.complaints()
    report.check(
      `the log complains where a request failed, and only there (${title})`,
      hasFailed(ours) === (complaints.length > 0),
      complaints.slice(0, 3)
    )
  } finally {
    await Promise.all([sides.stop(), writer.stop()])
  }
}

/** Everything that is done meanwhile. */
async function work ({ ours, theirs, command }: Sides, { admin, steady }: Users) {
  const until = performance.now() + SECONDS * 1000
  const answers: Record<string, Answers> = {}
  const issued: Record<string, string> = {}
  let slowest = 0
  let logins = 0
  let firstName = ''

  async function repeat (kind: string, action: (i: number) => Promise<string>): Promise<void> {
    const outcomes = answers[kind] ??= {}
    for (let i = 0; performance.now() < until; i++) {
      const outcome = await action(i)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }

  const someone = (i: number) => steady[i % steady.length] as [string, string]

  async function check (i: number): Promise<string> {
    const [name, key] = someone(i)
    const start = performance.now()
    const answer = await ours.who(key)
    slowest = Math.max(slowest, performance.now() - start)
    return answer === name ? 'good' : answer
  }

  async function login (): Promise<string> {
    const username = `login-${logins++ % LOGINS}`
    const answer = await ours.login(username, PASSWORD)
    issued[username] ??= answer
    return KEY.test(answer) && answer === issued[username] ? 'good' : answer
  }

  async function change (i: number): Promise<string> {
    const { status } = await ours.request('PATCH', '/users/steady-0/', { token: admin, body: { first_name: `name-${i}` } })
    if (status !== 200) return String(status)
    firstName = `name-${i}`
    return 'good'
  }

  async function showToken (i: number): Promise<string> {
    const [name, key] = someone(i)
    const { code, output, errors } = await command(['create-token', name])
    return code === 0 && output.includes(key) ? 'good' : errors.trim()
  }

  async function checkByDjango (i: number): Promise<string> {
    const [name, key] = someone(i)
    const answer = await theirs.who(key)
    return answer === name ? 'good' : answer
  }

  await Promise.all([
    ...Array.from({ length: CHECKERS }, () => repeat('checks', check)),
    ...Array.from({ length: 2 }, () => repeat('logins', login)),
    repeat('changes', change),
    repeat('commands', showToken),
    repeat('checks by Django', checkByDjango)
  ])
  return { answers, slowest, issued, firstName }
}

const hasFailed = ({ checks, logins, changes }: Record<string, Answers>): boolean =>
  [checks, logins, changes].some((outcomes = {}) => Object.keys(outcomes).some((outcome) => outcome !== 'good'))
