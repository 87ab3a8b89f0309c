import { func, text } from './kinds.js'
import { group } from './option-groups.js'

/** How the exchange differs from DRF's `obtain_auth_token`. */
export const exchangeOptions = group({
  /** Where the exchange is mounted, with and without the trailing slash. @default '/api-token-auth/' */
  path: text('^/', {
    default: '/api-token-auth/',
    right: 'a path that begins with /',
    description: 'where the exchange is mounted, with and without the trailing slash'
  }),
  /** `(user, request)` → whether a user who gave the right password may have a token; if not, 403. @default everybody may */
  allow: func({
    usual: 'everybody may',
    right: 'a function of the user and the request',
    description: '`(user, request)` → whether a user who gave the right password may have a token; if not, 403'
  }),
  /** `(user, token)` → the body of the answer. @default `{ token: token.key }` */
  reply: func({
    usual: '`{ token: token.key }`',
    right: 'a function of the user and the token',
    description: '`(user, token)` → the body of the answer'
  })
})
