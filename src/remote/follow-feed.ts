import { setTimeout as sleep } from 'node:timers/promises'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { Client } from 'undici'
import type { Change, Watch } from '../database/changes.js'
import { idKey } from '../database/user-id.js'
import { addressOf } from './address.js'
import type { RemoteSettings } from './remote-options.js'

const SILENCE_MS = 3_000
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 1_000
const REFUSED_DELAY_MS = 5_000
const LARGEST_EVENT = 64 * 1024

class Refused extends Error {}

/** Follows the changes that the service tells of at `GET /revocations`, once it is watched, until it is closed. */
export function createFeed (settings: Pick<RemoteSettings, 'url' | 'token' | 'keyword' | 'timeoutMs' | 'ttlMs' | 'log'>) {
  const { timeoutMs, ttlMs, log } = settings
  const { origin, path, authorization } = addressOf(settings, '/revocations')
  const client = new Client(origin, { connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: SILENCE_MS })
  const ending = new AbortController()
  let state: Watch['state'] = 'none'
  let lastId: string | undefined
  let isRefused = false
  let running = Promise.resolve()

  /** Returns where the service ends the stream, and throws where the connection breaks, or is silent, or the feed is refused. */
  async function follow (onChange: (change: Change) => void): Promise<void> {
    const { statusCode, headers, body } = await client.request({
      method: 'GET',
      path,
      headers: { authorization, accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) },
      signal: ending.signal
    })
    try {
      const isFeed = statusCode === 200 && String(headers['content-type']).startsWith('text/event-stream')
      if (!isFeed) throw statusCode < 500 ? new Refused(String(statusCode)) : new Error(String(statusCode))
      isRefused = false
      state = 'live'
      const parser = createParser({
        maxBufferSize: LARGEST_EVENT,
        onEvent (event) {
          if (event.event !== 'revocation') return
          onChange(changeOf(event))
          lastId = event.id ?? lastId
        },
        onError (error) { if (error.type === 'max-buffer-size-exceeded') throw error }
      })
      const decoder = new TextDecoder()
      for await (const chunk of body) parser.feed(decoder.decode(chunk as Buffer, { stream: true }))
    } finally {
      // What is left of it is of no interest, nor that it is cut off.
      body.on('error', () => {}).destroy()
    }
  }

  async function run (onChange: (change: Change) => void): Promise<void> {
    let delay = 0
    while (!ending.signal.aborted) {
      const began = performance.now()
      delay = Math.min(Math.max(delay * 2, FIRST_DELAY_MS), LONGEST_DELAY_MS)
      try {
        await follow(onChange)
      } catch (error) {
        if (error instanceof Refused) {
          refuse(error.message)
          delay = REFUSED_DELAY_MS
        }
      }
      if (state === 'live' && performance.now() - began > LONGEST_DELAY_MS) delay = FIRST_DELAY_MS
      state = isRefused ? 'none' : 'lost'
      // Where many lost it at the same moment, they do not come back at the same moment.
      await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal: ending.signal, ref: false }).catch(() => {})
    }
  }

  /** Said once, until there is a feed again: what is revoked lives on till the TTL meanwhile. */
  function refuse (status: string): void {
    if (!isRefused) {
      log.warn(`authtoken: the service answered GET /revocations with ${status} and tells of no changes: ` +
        `a token that ends lives on for up to ${ttlMs} ms. ` +
        'The token given to remote() needs the scope introspect, and the service the path /revocations')
    }
    isRefused = true
  }

  return {
    /** Changes from before it was connected are told as one, of all. */
    watch (onChange: (change: Change) => void): Watch {
      state = 'lost'
      running = run(onChange)
      return {
        poll: () => true,
        maxAgeMs: ttlMs,
        get state () { return state }
      }
    },

    async close (): Promise<void> {
      ending.abort()
      await client.destroy()
      await running
    }
  }
}

/** What is not understood may be about anybody. */
function changeOf ({ data }: EventSourceMessage): Change {
  try {
    const { user, digest } = JSON.parse(data) as Record<string, unknown>
    if (typeof user === 'string') return { user: idKey(user) }
    if (typeof digest === 'string') return { digest }
  } catch {
    // As below.
  }
  return 'all'
}
