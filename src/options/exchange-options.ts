import { func, group, text } from './kinds.js'

/** How the exchange differs from DRF's `obtain_auth_token`. */
export const exchangeOptions = group({
  path: text('^/', {
    default: '/api-token-auth/',
    right: 'a path that begins with /',
    description: 'where the exchange is mounted, with and without the trailing slash'
  }),
  allow: func({
    usual: 'everybody may',
    right: 'a function of the user and the request',
    description: '`(user, request)` → whether a user who gave the right password may have a token; if not, 403'
  }),
  reply: func({
    usual: '{ token: token.key }',
    right: 'a function of the user and the token',
    description: '`(user, token)` → the body of the answer'
  })
})
