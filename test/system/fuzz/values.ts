import type { Random } from './random.js'

const NUMBERS = [
  '0', '-0', '1', '-1', '0.0', '1.0', '1e-07', '1e16', '1e+22', '1e400', '-1e400', '1e-400', '12345678901234567890', '9007199254740993',
  '0.1', '123.456e7', '2147483648', '-9223372036854775809', 'NaN', 'Infinity', '-Infinity', '01', '.5', '5.', '0x10', '1_000', '+1'
]

const STRINGS = [
  '', ' ', '\t', '\n', '\u00a0', '\u0000', 'a\u0000b', '\ud800', 'a\udfffb', '\udc00\ud800', '\ufeff', '\ufeffalice', '\u202ealice', '\u200b',
  'é', 'e\u0301', '\ufb01sh', '\u212aelvin', '😀', '👩‍👩‍👧‍👦', '𝔞𝔩𝔦𝔠𝔢', '\u0130', '\uffff', '\ufdfa', 'ﷺ'.repeat(40),
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'me', 'Me', '..', '.', '/', '\\', '%', '%00', '%s%n', '{{7*7}}',
  '\' or 1=1 --', '"; drop table auth_user; --', '<script>', 'a@b.c', 'a@b', '@', 'a b@c.d', 'true', 'null', '0', '1e400', '-', '_', '*', '\\u0000'
]

const LITERALS = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '["alice"]',
  '{"a":1}',
  '{"__proto__":{"is_superuser":true}}',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"\\x"',
  '\'a\'',
  'undefined',
  '"'
]

/** A string that is seldom in tests. */
export function oddString (random: Random): string {
  if (random.chance(0.1)) return random.pick(STRINGS.filter((text) => text !== '')).repeat(1 + random.int(2000)).slice(0, 6000)
  if (random.chance(0.2)) return Array.from({ length: random.int(12) }, () => String.fromCharCode(random.int(0x10000))).join('')
  return random.pick(STRINGS)
}

/** The text of a JSON value, not always of one that JSON knows. */
export function oddJson (random: Random): string {
  const kind = random.int(10)
  if (kind < 3) return random.pick(NUMBERS)
  if (kind < 5) return random.pick(LITERALS)
  if (kind === 5) return nested(random)
  return JSON.stringify(oddString(random))
}

/** A value in many others. */
export function nested (random: Random): string {
  const depth = 1 + random.int(random.chance(0.3) ? 2000 : 20)
  const [open, close] = random.pick([['[', ']'], ['{"a":', '}'], ['{"__proto__":', '}'], ['{"constructor":{"prototype":', '}}']] as const)
  const inner = random.pick(NUMBERS)
  return open.repeat(depth) + inner + (random.chance(0.9) ? close.repeat(depth) : '')
}

/** Names of fields that exist, and of some that do not. */
export const FIELDS = [
  'username', 'password', 'email', 'first_name', 'last_name', 'is_staff', 'is_superuser', 'is_active',
  'name', 'scope', 'expires_in', 'grace', 'disabled', 'revoke_tokens', 'id', 'token', 'key', 'date_joined', '__proto__', 'constructor', 'toString', '', 'Username', 'user\u0000name', 'usern\u00e4me', '\ud800'
]
