import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type Change, idKey, type Watch } from '../changes.js'
import { connectionOf } from './connection.js'
import { type Silence, streamOf } from './dead-connections.js'

const CHANNEL = 'authtoken'
const PROBE_INTERVAL_MS = 1_000
const PROBE_BOUND_MS = 1_000
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 500

/** A watch that ends. */
export interface Listener extends Watch {
  close (): Promise<void>
}

/** Where nothing is listened to. */
export const NO_LISTENER: Listener = { poll: () => false, maxAgeMs: Infinity, state: 'none', close: async () => {} }

/**
 * Listens to what the triggers tell, on a connection of its own. Every second it sends itself a notice through the pool:
 * one that does not arrive within a second means that revocations do not arrive either, as when the network is cut
 * silently, or the pool has gone over to another server. Then nothing is current until it listens again.
 * @param pool whose address and user are taken, and through which the probes go
 * @param isTelling whether the database has the triggers
 * @param silence ends the pool's connections that have died with the listener's
 * @param tell is called at each change, and with `'all'` whenever some may have been missed
 */
export function listen (pool: pg.Pool, isTelling: () => Promise<boolean>, silence: Silence, tell: (change: Change) => void): Listener {
  const probes = `authtoken_probe_${randomUUID().replaceAll('-', '')}`
  let client: pg.Client | undefined
  let state: Watch['state'] = 'lost'
  let closed = false
  let isSilent = false
  let delay = FIRST_DELAY_MS
  let timer: NodeJS.Timeout | undefined
  let heard = (): void => {}

  const later = (action: () => void, milliseconds: number): void => {
    if (!closed) timer = setTimeout(action, milliseconds).unref()
  }

  function lose (lost: pg.Client): void {
    if (client !== lost) return
    client = undefined
    clearTimeout(timer)
    state = 'lost'
    tell('all')
    discard(lost)
    later(connect, delay * (0.5 + Math.random() / 2))
    delay = Math.min(2 * delay, LONGEST_DELAY_MS)
  }

  function receive ({ channel, payload = '' }: pg.Notification): void {
    if (channel === probes) return heard()
    const space = payload.indexOf(' ')
    const [kind, what] = [payload.slice(0, Math.max(0, space)), payload.slice(space + 1)]
    if (kind === 'digest') tell({ digest: what })
    else if (kind === 'user') tell({ user: idKey(what) })
    else tell('all')
  }

  async function connect (): Promise<void> {
    const own = new pg.Client({ ...connectionOf(pool), application_name: 'fastify-authtoken listener', query_timeout: PROBE_BOUND_MS })
    client = own
    const gone = () => lose(own)
    own.on('error', gone).on('end', gone).on('notification', receive)
    try {
      await own.connect()
      await own.query(`listen ${CHANNEL}; listen ${probes}`)
      if (isSilent) silence.end()
      isSilent = false
      await probe(own)
    } catch {
      lose(own)
    }
  }

  /** Also the first proof that notices arrive: only then is anything current. */
  async function probe (own: pg.Client): Promise<void> {
    const bound = AbortSignal.timeout(PROBE_BOUND_MS)
    silence.note()
    try {
      await new Promise<void>((resolve, reject) => {
        heard = resolve
        bound.addEventListener('abort', reject)
        pool.query('select pg_notify($1, $2)', [probes, '']).catch(reject)
      })
      if (client !== own) return
      if (state !== 'live') {
        state = await isTelling() ? 'live' : 'none'
        tell('all')
      }
      delay = FIRST_DELAY_MS
      later(() => { probe(own).catch(() => {}) }, PROBE_INTERVAL_MS)
    } catch {
      isSilent ||= bound.aborted
      lose(own)
    }
  }

  connect().catch(() => {})
  return {
    poll: () => state === 'live',
    maxAgeMs: Infinity,
    get state () { return state },
    async close () {
      closed = true
      clearTimeout(timer)
      const own = client
      client = undefined
      state = 'lost'
      if (own !== undefined) discard(own)
    }
  }
}

/** Ends a connection that may not answer any more. */
function discard (client: pg.Client): void {
  client.end().catch(() => {})
  streamOf(client).destroy()
}
