import { SCOPE_PATTERN } from '../identity/scope.js'

/** What forward authentication asks of a caller: these scopes, all of them, and to count as staff. */
export interface Requirement { scope?: string, staff?: boolean }

export const FORWARD_AUTH_PATH = '/forward-auth'
// Stands before a requirement in a path, and ends it.
const MARK = '-'

// Scheme and host, which a server must accept before a path: RFC 9112, section 3.2.2.
const ORIGIN = /^https?:\/\/[^/?#]*/i

/** Whether an address is forward authentication's, whatever a proxy has put behind it. */
export function isForwardAuth (url: string): boolean {
  const address = url.replace(ORIGIN, '')
  return address.startsWith(FORWARD_AUTH_PATH) && ['', '/', '?'].includes(address.charAt(FORWARD_AUTH_PATH.length))
}

/**
 * What an address asks for: `/forward-auth?scope=orders:read&staff=1`, or `/forward-auth/-/scope/orders:read/staff/1/-/…`.
 * Behind any other path, and behind the second mark, stands the client's own path and query, which ask for nothing.
 * @returns null where it can not be read, or is written in another way that the router takes for this path
 */
export function readRequirement (url: string): Requirement | null {
  if (!isForwardAuth(url)) return null
  const [path, query] = splitOnce(url.replace(ORIGIN, ''), '?')
  if (path === FORWARD_AUTH_PATH) return query === undefined ? {} : fromPairs([...new URLSearchParams(query)])
  const [first, ...words] = path.slice(FORWARD_AUTH_PATH.length + 1).split('/')
  return first === MARK ? fromWords(words) : {}
}

/** Names and values by turns, up to the first word that is no name. There must be one. */
function fromWords (words: string[]): Requirement | null {
  const pairs: Array<[string, string]> = []
  for (let i = 0; i === 0 || words[i] === 'scope' || words[i] === 'staff'; i += 2) {
    const value = decode(words[i + 1] ?? '')
    if (value === null) return null
    pairs.push([words[i] as string, value])
  }
  return fromPairs(pairs)
}

function fromPairs (pairs: Array<[string, string]>): Requirement | null {
  const requirement: Requirement = {}
  for (const [name, value] of pairs) {
    if (name in requirement) return null
    if (name === 'scope' && value !== '' && new RegExp(SCOPE_PATTERN).test(value)) requirement.scope = value
    else if (name === 'staff' && value === '1') requirement.staff = true
    else return null
  }
  return requirement
}

function decode (word: string): string | null {
  try {
    return decodeURIComponent(word)
  } catch {
    return null
  }
}

function splitOnce (text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator)
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)]
}
