import type { Authenticator } from '../../src/identity/identity.js'
import { accessKeyOf, drfKeyOf } from '../../test/support/many-tokens.js'
import { median } from '../../test/support/statistics.js'

/** The kinds of tokens, and how a key is worked out from its number. */
export const KEYS = { 'DRF token': drfKeyOf, 'access token': accessKeyOf }

export type TokenKind = keyof typeof KEYS

/** So many numbers of users, each at most once. */
export function someUsers (users: number, wanted: number): number[] {
  const chosen = new Set<number>()
  while (chosen.size < Math.min(users, wanted)) chosen.add(1 + Math.floor(Math.random() * users))
  return [...chosen]
}

/**
 * Looks tokens up, one after the other.
 * @returns how long each took, in microseconds
 */
export async function timeLookups (authenticator: Authenticator, keys: string[]): Promise<number[]> {
  const times = []
  for (const [i, key] of keys.entries()) {
    const start = performance.now()
    const answer = authenticator.authenticate(key)
    const identity = answer instanceof Promise ? await answer : answer
    times.push((performance.now() - start) * 1000)
    if (identity === null) throw new Error('A token is not known')
    // A turn of the event loop now and then, as requests bring it.
    if (i % 20 === 19) await new Promise(setImmediate)
  }
  return times
}

/** The median of that. */
export const medianLookup = async (authenticator: Authenticator, keys: string[]): Promise<number> =>
  median(await timeLookups(authenticator, keys))
