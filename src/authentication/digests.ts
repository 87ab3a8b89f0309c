import { digestOf } from '../tokens/format.js'

const SIZE = 1_000

/**
 * The digests of keys, of which those that came lately are remembered: hashing is the largest part of the check of a token
 * that is remembered.
 */
export function createDigests () {
  let recent = new Map<string, string>()
  let former = new Map<string, string>()
  let last = { key: '', digest: digestOf('') }

  return {
    /** The digest of a key, of any: one that is not remembered is asked for twice in a row. */
    of (key: string): string {
      const digest = recent.get(key) ?? former.get(key)
      if (digest !== undefined) return digest
      if (last.key !== key) last = { key, digest: digestOf(key) }
      return last.digest
    },

    /** Remembers a digest: of keys that somebody has, so that junk takes nobody's place. */
    keep (key: string, digest: string): void {
      if (recent.has(key)) return
      if (recent.size === SIZE) [recent, former] = [new Map(), recent]
      recent.set(key, digest)
    }
  }
}
