import type { AuthtokenError } from '../errors.js'
import { InvalidToken, NotAuthenticated, TokenHasInvalidCharacters, TokenHasSpaces, TokenMissing } from '../errors.js'

// Python's bytes.split() separates on these alone; JavaScript's \s also takes 0xA0 and more.
const WHITE_SPACE = /[ \t\n\r\v\f]+/
// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/
const VISIBLE = /^[!-~]+$/
// ignoreBOM keeps a byte order mark as a character of the key, as Python does.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads an `Authorization` header as DRF's `TokenAuthentication` does.
 * @param header the header's value, a character a byte (latin-1), as Node gives it
 * @param keywords lower-case keywords that are ours
 * @returns the key; null where the header is for another scheme; or the error that DRF answers with
 */
export function parseAuthorization (header: string, keywords: readonly string[]): string | null | AuthtokenError {
  const space = header.indexOf(' ')
  const rest = header.slice(space + 1)
  // As nearly all of them are: no need to take it apart.
  if (space > 0 && VISIBLE.test(rest) && keywords.includes(header.slice(0, space).toLowerCase())) return rest
  const words = header.split(WHITE_SPACE).filter((word) => word !== '')
  const [keyword, key] = words
  if (keyword === undefined || !keywords.includes(keyword.toLowerCase())) return null
  if (key === undefined) return new TokenMissing()
  if (words.length > 2) return new TokenHasSpaces()
  if (ASCII.test(key)) return key
  try {
    return utf8.decode(Buffer.from(key, 'latin1'))
  } catch {
    return new TokenHasInvalidCharacters()
  }
}

/**
 * Reads a repeated `Authorization` header. Never a key: Node keeps the first of several and would hide the others.
 * @param headers the values, in the order in which they came
 * @param keywords lower-case keywords that are ours
 * @returns what DRF answers to the values joined by commas, as its server hands them on; a 401 in any case
 */
export function parseRepeatedAuthorization (headers: readonly string[], keywords: readonly string[]): AuthtokenError {
  const parsed = parseAuthorization(headers.join(','), keywords)
  if (parsed === null) return new NotAuthenticated()
  return typeof parsed === 'string' ? new InvalidToken() : parsed
}
