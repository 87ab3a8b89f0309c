import { type AuthtokenError, InvalidToken, NotAuthenticated, TokenHasInvalidCharacters, TokenHasSpaces, TokenMissing } from '../errors.js'

// Python's bytes.split() separates on these alone; JavaScript's \s also takes 0xA0 and more.
const WHITE_SPACE = /[ \t\n\r\v\f]+/
// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/
const VISIBLE = /^[!-~]+$/
// ignoreBOM keeps a byte order mark as a character of the key, as Python does.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a request's `Authorization` header as DRF's `TokenAuthentication` does. One that is repeated is never a key: Node
 * keeps the first and would hide the others. It gets what DRF answers to the values joined by commas, a 401 in any case.
 * @param keywords lower-case keywords that are ours
 * @returns the key; null where there is none, or it is for another scheme; or the error that DRF answers with
 */
export function readAuthorization (
  header: string | undefined, rawHeaders: readonly string[], keywords: readonly string[]
): string | null | AuthtokenError {
  if (header === undefined) return null
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (isAuthorization(rawHeaders[i] as string)) count++
  if (count < 2) return parseAuthorization(header, keywords)

  const values = rawHeaders.filter((_, i) => i % 2 === 1 && isAuthorization(rawHeaders[i - 1] as string))
  const parsed = parseAuthorization(values.join(','), keywords)
  if (parsed === null) return new NotAuthenticated()
  return typeof parsed === 'string' ? new InvalidToken() : parsed
}

const isAuthorization = (name: string): boolean => name.length === 13 && name.toLowerCase() === 'authorization'

/** Reads one value of the header. @returns as `readAuthorization` */
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
