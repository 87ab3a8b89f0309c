import type { UserId } from './user-id.js'

/** Whose identities may have changed: those of a user, by `idKey`, the one behind a token's digest, or any. */
export type Change = { user: string } | { digest: string } | 'all'

export type Affected = { user: UserId } | 'all'

/** Sees what anybody changes. */
export interface Watch {
  /** Whether all changes until now have been told, so that what is remembered still holds. Asked before each use. */
  poll (): boolean
  /** How long an answer may be remembered at most, in milliseconds. */
  readonly maxAgeMs: number
  /** `live`: changes are told as they happen; `lost`: they are not, until the connection is back; `none`: nothing tells of them. */
  readonly state: 'live' | 'lost' | 'none'
}

export type Changes = ReturnType<typeof createChanges>

/** Passes changes on, from whoever saw them to whoever wants to know. */
export function createChanges () {
  const listeners = new Set<(change: Change) => void>()
  return {
    emit (change: Change): void {
      for (const listener of listeners) listener(change)
    },
    onChange (listener: (change: Change) => void): void { listeners.add(listener) }
  }
}
