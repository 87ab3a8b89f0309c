import type { UserId } from './token-table-options.js'

/** What an id is called where it is told or remembered: the same for all spellings of one. */
export const idKey = (id: UserId): string => String(id).toLowerCase()

/** Whose identities may have changed: those of a user, by `idKey`, the one behind a token's digest, or any. */
export type Change = { user: string } | { digest: string } | 'all'

/** Sees what anybody changes. */
export interface Watch {
  /** Whether everything that was changed until now has been told, so that what is remembered still holds. Asked before each use. */
  poll (): boolean
  /** How long an answer may be remembered at most, in milliseconds. */
  readonly maxAgeMs: number
  /** `live`: changes are told as they happen; `lost`: they are not, until the connection is back; `none`: nothing tells of them. */
  readonly state: 'live' | 'lost' | 'none'
}

/** Tells those who watch a database of its changes. */
export type Changes = ReturnType<typeof createChanges>

/** Passes changes on, from whoever saw them to whoever wants to know. */
export function createChanges () {
  const listeners = new Set<(change: Change) => void>()
  return {
    /** Tells of a change. */
    emit (change: Change): void {
      for (const listener of listeners) listener(change)
    },
    /** Calls a function at each change from now on. */
    onChange (listener: (change: Change) => void): void { listeners.add(listener) }
  }
}
