import type { Change, Watch } from '../database/changes.js'
import type { Database } from '../database/database-interface.js'
import { randomBase62 } from './format.js'

/** A change, and its place in the feed. */
export interface FeedEvent {
  id: string
  change: Change
}

/** Tells other processes whose tokens may have changed. */
export type ChangeFeed = ReturnType<typeof createChangeFeed>

const HISTORY = 1000
const EPOCH_LENGTH = 10
// What others write to an SQLite file is seen by looking.
const LOOK_MS = 20

/**
 * Passes the changes of a database on to subscribers, each with an id from which a subscriber can resume after a break.
 * The ids are those of this process: to any other they say nothing.
 * @param database whose changes count
 */
export function createChangeFeed (database: Pick<Database, 'watch'>) {
  const epoch = randomBase62(EPOCH_LENGTH)
  const history: FeedEvent[] = []
  const subscribers = new Set<(event: FeedEvent) => void>()
  let last = 0
  let watch: Watch | undefined
  let timer: NodeJS.Timeout | undefined

  const idOf = (number: number): string => `${epoch}-${number}`

  function hear (change: Change): void {
    const event = { id: idOf(++last), change }
    history.push(event)
    if (history.length > HISTORY) history.shift()
    for (const subscriber of subscribers) subscriber(event)
  }

  /** What came after an event; where that can't be known, that anything may have changed. */
  function since (id: string | undefined): FeedEvent[] {
    const [begin, number = ''] = id?.split('-') ?? []
    const missed = last - Number(number)
    if (begin === epoch && /^\d{1,15}$/.test(number) && missed >= 0 && missed <= history.length) return history.slice(history.length - missed)
    return [{ id: idOf(last), change: 'all' }]
  }

  return {
    /**
     * Calls a function at each change from now on.
     * @param lastId of the event that the subscriber had last; undefined: it begins
     * @returns what it missed, and how to end it
     */
    subscribe (lastId: string | undefined, told: (event: FeedEvent) => void): { missed: FeedEvent[], unsubscribe: () => void } {
      watch ??= database.watch(hear)
      watch.poll()
      timer ??= setInterval(() => watch?.poll(), LOOK_MS).unref()
      subscribers.add(told)
      return {
        missed: since(lastId),
        unsubscribe () {
          subscribers.delete(told)
          if (subscribers.size > 0) return
          clearInterval(timer)
          timer = undefined
        }
      }
    }
  }
}
