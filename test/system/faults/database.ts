import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { type Postgres, startPostgres } from '../../support/postgres/server.js'

/** A PostgreSQL that loses nothing, and can be hurt. */
export type FaultyDatabase = Awaited<ReturnType<typeof startDatabase>>

/** Starts it, with a database for the nodes. */
export async function startDatabase () {
  const server: Postgres = await startPostgres({ durable: true, settings: { fsync: 'on', synchronous_commit: 'on' } })
  let client: pg.Client | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** A statement of the superuser's, past every proxy, one at a time. The connection is made anew where the last one broke. */
  function query<Row extends pg.QueryResultRow = Record<string, unknown>> (sql: string, values: unknown[] = []): Promise<Row[]> {
    const rows = last.then(() => run<Row>(sql, values))
    last = rows.catch(() => {})
    return rows
  }

  async function run<Row extends pg.QueryResultRow> (sql: string, values: unknown[]): Promise<Row[]> {
    if (client === undefined) {
      const own = client = new pg.Client({ connectionString: server.url('faults'), connectionTimeoutMillis: 1_000 })
      const forget = () => { if (client === own) client = undefined }
      own.on('error', forget).on('end', forget)
      await own.connect().catch((error) => {
        forget()
        throw error
      })
    }
    return (await client.query<Row>(sql, values)).rows
  }

  const first = new pg.Client(server.url())
  await first.connect()
  await first.query('create database faults')
  await first.end()

  function signalAll (signal: NodeJS.Signals): void {
    const { pid } = server
    if (pid === null) throw new Error('PostgreSQL does not run')
    // The postmaster first: it starts none while its children are told.
    for (const one of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, signal)
      } catch (error) {
        // A child that ends when it goes on.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }

  return {
    url: server.url('faults'),
    query,
    kill: server.kill,
    start: server.start,
    /** Stops every process of the server where it is, and lets it go on. */
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    /** Ends connections. @param condition on `pg_stat_activity` */
    terminate: (condition: string) => query('select pg_terminate_backend(pid) from pg_stat_activity where datname = ' +
      `current_database() and pid <> pg_backend_pid() and ${condition}`),
    async stop (): Promise<void> {
      await client?.end()
      await server.stop()
    }
  }
}

function childrenOf (parent: number): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]) === parent
    } catch {
      return false
    }
  })
}
