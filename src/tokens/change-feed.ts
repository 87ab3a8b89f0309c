import type { Change, Watch } from '../database/changes.js'
import type { Database } from '../database/database-interface.js'
import { randomBase62 } from './format.js'

/** A change, and its place in the feed. */
export interface FeedEvent { id: string, change: Change }

export type ChangeFeed = ReturnType<typeof createChangeFeed>

const HISTORY = 1000
const EPOCH_LENGTH = 10
// What others write to an SQLite file is seen by looking.
const POLL_INTERVAL_MS = 20

/**
 * Passes the changes of a database on to subscribers, each with an id from which a subscriber can resume after a break.
 * The ids are those of this process: to any other they say nothing.
 */
export function createChangeFeed (database: Pick<Database, 'watch'>) {
  const epoch = randomBase62(EPOCH_LENGTH)
  const history: FeedEvent[] = []
  const subscribers = new Set<(event: FeedEvent) => void>()
  let last = 0
  let watch: Watch | undefined
  let timer: NodeJS.Timeout | undefined

  const idOf = (number: number): string => `${epoch}-${number}`

  function onChange (change: Change): void {
    const event = { id: idOf(++last), change }
    history.push(event)
    if (history.length > HISTORY) history.shift()
    for (const subscriber of subscribers) subscriber(event)
  }

  /** What came after an event; where that can't be known, that anything may have changed. */
  function since (id: string | undefined): FeedEvent[] {
    const [begin, number = ''] = id?.split('-') ?? []
    const missed = last - Number(number)
    const isKnown = begin === epoch && /^\d{1,15}$/.test(number) && missed >= 0 && missed <= history.length
    return isKnown ? history.slice(history.length - missed) : [{ id: idOf(last), change: 'all' }]
  }

  return {
    /** @param lastId of the event that the subscriber had last; undefined: it begins. @returns what it missed, and how to end it */
    subscribe (lastId: string | undefined, onEvent: (event: FeedEvent) => void): { missed: FeedEvent[], unsubscribe: () => void } {
      watch ??= database.watch(onChange)
      watch.poll()
      timer ??= setInterval(() => watch?.poll(), POLL_INTERVAL_MS).unref()
      subscribers.add(onEvent)
      return {
        missed: since(lastId),
        unsubscribe () {
          subscribers.delete(onEvent)
          if (subscribers.size > 0) return
          clearInterval(timer)
          timer = undefined
        }
      }
    }
  }
}
