import type { Accounts } from './accounts.js'
import { changeBytes } from './bytes.js'
import { CONTENT } from './content.js'
import { type Draft, type RawRequest, serialize } from './draft.js'
import { FRAMINGS, rightLength } from './framing.js'
import type { Random } from './random.js'

const UNTOUCHED = 0.25
const WRONG_FRAMING = 0.15
const CHANGED_HEADERS = 0.1
const CHANGED_BYTES = 0.08

/** Changes a request a little, or a lot, or not at all, and writes it as bytes. */
export function mutate (random: Random, request: Draft, accounts: Accounts): RawRequest {
  if (random.chance(UNTOUCHED)) {
    rightLength(random, request)
    return serialize(request)
  }
  for (let count = random.pick([0, 1, 1, 1, 2, 2, 3, 5]); count > 0; count--) random.pick(CONTENT)(random, request, accounts)
  const frame = random.chance(WRONG_FRAMING) ? random.pick(FRAMINGS) : rightLength
  frame(random, request)
  if (random.chance(CHANGED_HEADERS)) random.pick([duplicateHeader, removeHeader, reverseHeaders])(random, request)
  const written = serialize(request)
  return random.chance(CHANGED_BYTES) ? { ...written, bytes: changeBytes(random, written.bytes), whole: false } : written
}

function duplicateHeader (random: Random, { headers }: Draft): void {
  if (headers.length > 0) headers.splice(random.int(headers.length), 0, [...random.pick(headers)])
}

function removeHeader (random: Random, { headers }: Draft): void {
  headers.splice(random.int(headers.length), 1)
}

function reverseHeaders (_random: Random, { headers }: Draft): void {
  headers.reverse()
}
