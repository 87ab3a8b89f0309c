import { SCOPE_PATTERN } from '../identity/scope.js'

/** What forward authentication asks of a caller: these scopes, all of them, and to count as staff. */
export interface Requirement { scope?: string, staff?: boolean }

export const FORWARD_AUTH_PATH = '/forward-auth'
/** The ways to write an address, for who has written another. */
export const FORWARD_AUTH_FORMS =
  '/forward-auth, /forward-auth?scope=<scopes>&staff=1 or, where the proxy appends the client\'s path, ' +
  '/forward-auth/-/scope/<scopes>/staff/1/-/<path>, with scope, with staff, with both or with none: /forward-auth/-/-/<path>'

// Stands before the requirements in a path, and ends them.
const MARK = '-'
// Signs that part a query, or begin one: where one stands inside a value, a requirement was lost in it.
const VALUE = /^[^?#&;=]+$/
// Scheme and host, which a server must accept before a path: RFC 9112, section 3.2.2.
const ORIGIN = /^https?:\/\/[^/?#]*/i

/** Whether an address is forward authentication's, well written or not. */
export function isForwardAuth (url: string): boolean {
  const address = url.replace(ORIGIN, '')
  return address.startsWith(FORWARD_AUTH_PATH) && ['', '/', '?'].includes(address.charAt(FORWARD_AUTH_PATH.length))
}

/**
 * What an address asks for: `/forward-auth?scope=orders:read&staff=1`, or `/forward-auth/-/scope/orders:read/staff/1/-/…`.
 * Behind the second mark stands the client's own path and query, which ask for nothing.
 * @returns null where it is of no such form
 */
export function readRequirement (url: string): Requirement | null {
  const [path, query] = splitOnce(url.replace(ORIGIN, ''), '?')
  if (path === FORWARD_AUTH_PATH) return fromQuery(query ?? '')
  const [name, mark, ...words] = path.split('/').slice(1)
  return `/${name}` === FORWARD_AUTH_PATH && mark === MARK ? fromWords(words) : null
}

function fromQuery (query: string): Requirement | null {
  if (query === '') return {}
  return fromPairs(query.split('&').map((pair) => splitOnce(pair.replaceAll('+', ' '), '=')))
}

/** Names and values by turns, up to the mark, behind which a path must stand. */
function fromWords (words: string[]): Requirement | null {
  const pairs: Array<[string, string]> = []
  let i = 0
  for (; words[i] !== MARK; i += 2) {
    const [name, value] = words.slice(i)
    if (name === undefined || value === undefined || value === MARK) return null
    pairs.push([name, value])
  }
  return i + 1 < words.length ? fromPairs(pairs) : null
}

function fromPairs (pairs: Array<[string, string?]>): Requirement | null {
  const requirement: Requirement = {}
  for (const [name, written = ''] of pairs) {
    const value: string | null = VALUE.test(written) ? decode(written) : null
    if (value === null || name in requirement) return null
    if (name === 'scope' && new RegExp(SCOPE_PATTERN).test(value)) requirement.scope = value
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
