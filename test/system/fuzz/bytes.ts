import type { Random } from './random.js'

/** Flips, inserts and deletes a few bytes. */
export function changeBytes (random: Random, bytes: Buffer): Buffer {
  const list = [...bytes]
  for (let count = 1 + random.int(6); count > 0; count--) {
    const at = random.int(list.length + 1)
    const kind = random.int(3)
    if (kind === 0 && at < list.length) list[at] = (list[at] as number) ^ (1 << random.int(8))
    else if (kind === 1) list.splice(at, 0, ...random.bytes(1 + random.int(4)))
    else list.splice(at, 1 + random.int(4))
  }
  return Buffer.from(list)
}

/** Puts a piece somewhere into a text. */
export function insertText (random: Random, text: string, piece: string): string {
  const at = random.int(text.length + 1)
  return text.slice(0, at) + piece + text.slice(at)
}
