import { type Account, type DjangoUser, type Token } from '../identity/identity.js'
import { splitScope } from '../identity/scope.js'

/** The headers that tell a backend who the caller is, in this order: name, id, e-mail address, scope, token, staff. */
export const IDENTITY_HEADERS = ['X-Auth-User', 'X-Auth-User-Id', 'X-Auth-Email', 'X-Auth-Scope', 'X-Auth-Token-Id', 'X-Auth-Staff']

// Hyphens alone: backends that read names as variables take an underscore or a dot for one.
/** The name of such a header. It begins so that none is a header of HTTP's own. */
export const IDENTITY_HEADER_PATTERN = '^(?:[Xx]|[Rr][Ee][Mm][Oo][Tt][Ee])-[A-Za-z0-9-]+$'

/** The values of the headers. All of them are always there, so that a proxy overwrites what a client has sent. */
export function identityValues ({ user, userId }: Pick<Account, 'user' | 'userId'>, token: Token, isStaff: boolean): string[] {
  const { username = '', email = '' } = user as Partial<DjangoUser>
  const scope = splitScope(token.scope).map(encode).join(' ')
  return [encode(username), encode(String(userId)), encode(email), scope, encode(token.id), String(isStaff)]
}

/** Percent-encodes what is no visible ASCII, and the percent sign: `decodeURIComponent` reads it. */
const encode = (text: string): string => text.replace(/[^\x21-\x24\x26-\x7e]+/gu, encodeURIComponent)
