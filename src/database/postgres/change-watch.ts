import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Change, Watch } from '../changes.js'
import { idKey } from '../user-id.js'
import { connectionOf } from './connection.js'
import { type DeadConnections, streamOf } from './dead-connections.js'

const CHANNEL = 'authtoken'
const PROBE_INTERVAL_MS = 1_000
const PROBE_BOUND_MS = 1_000
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 500

export interface ChangeListener extends Watch {
  close (): Promise<void>
}

export const NO_LISTENER: ChangeListener = { poll: () => false, maxAgeMs: Infinity, state: 'none', close: async () => {} }

/**
 * Listens to what the triggers tell, on a connection of its own. Every second it sends itself a notice through the pool:
 * one that does not arrive within a second means that revocations do not arrive either, as when the network is cut
 * silently, or the pool has gone over to another server. Then nothing is current until it listens again.
 * @param isTelling whether the database has the triggers
 * @param emit is called at each change, and with `'all'` whenever some may have been missed
 */
export function listen (
  pool: pg.Pool, isTelling: () => Promise<boolean>, deadConnections: DeadConnections, emit: (change: Change) => void
): ChangeListener {
  const probes = `authtoken_probe_${randomUUID().replaceAll('-', '')}`
  let client: pg.Client | undefined
  let state: Watch['state'] = 'lost'
  let isClosed = false
  let wasSilent = false
  let delay = FIRST_DELAY_MS
  let timer: NodeJS.Timeout | undefined
  let onProbe = (): void => {}

  const schedule = (action: () => void, milliseconds: number): void => {
    if (!isClosed) timer = setTimeout(action, milliseconds).unref()
  }

  /** Gives a connection up, and connects again later. */
  function giveUp (lost: pg.Client): void {
    if (client !== lost) return
    client = undefined
    clearTimeout(timer)
    state = 'lost'
    emit('all')
    discard(lost)
    schedule(connect, delay * (0.5 + Math.random() / 2))
    delay = Math.min(2 * delay, LONGEST_DELAY_MS)
  }

  function receive ({ channel, payload = '' }: pg.Notification): void {
    if (channel === probes) return onProbe()
    const space = payload.indexOf(' ')
    const [kind, what] = [payload.slice(0, Math.max(0, space)), payload.slice(space + 1)]
    if (kind === 'digest') emit({ digest: what })
    else if (kind === 'user') emit({ user: idKey(what) })
    else emit('all')
  }

  async function connect (): Promise<void> {
    const own = new pg.Client({ ...connectionOf(pool), application_name: 'fastify-authtoken listener', query_timeout: PROBE_BOUND_MS })
    client = own
    const gone = () => giveUp(own)
    own.on('error', gone).on('end', gone).on('notification', receive)
    try {
      await own.connect()
      await own.query(`listen ${CHANNEL}; listen ${probes}`)
      if (wasSilent) deadConnections.end()
      wasSilent = false
      await probe(own)
    } catch {
      giveUp(own)
    }
  }

  /** Also the first proof that notices arrive: only then is anything current. */
  async function probe (own: pg.Client): Promise<void> {
    const bound = AbortSignal.timeout(PROBE_BOUND_MS)
    deadConnections.note()
    try {
      await new Promise<void>((resolve, reject) => {
        onProbe = resolve
        bound.addEventListener('abort', reject)
        pool.query('select pg_notify($1, $2)', [probes, '']).catch(reject)
      })
      if (client !== own) return
      if (state !== 'live') {
        state = await isTelling() ? 'live' : 'none'
        emit('all')
      }
      delay = FIRST_DELAY_MS
      schedule(() => { probe(own).catch(() => {}) }, PROBE_INTERVAL_MS)
    } catch {
      wasSilent ||= bound.aborted
      giveUp(own)
    }
  }

  connect().catch(() => {})
  return {
    poll: () => state === 'live',
    maxAgeMs: Infinity,
    get state () { return state },
    async close () {
      isClosed = true
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
