import type { Static } from '@sinclair/typebox'
import { list, oneOf } from './kinds.js'
import { group } from './option-groups.js'

/** A keyword of the `Authorization` header: an RFC 9110 token. */
export const KEYWORD_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

/** What is set of the plugin itself, wherever keys are looked up. */
export const pluginOptions = group({
  /** Keywords of the `Authorization` header, matched in any case; the first is the challenge of a 401. @default ['Token'] */
  keywords: list(KEYWORD_PATTERN, 'a word without spaces', {
    default: ['Token'],
    right: "a list of at least one keyword, as ['Token']",
    description: 'keywords of the `Authorization` header, matched in any case; the first is the challenge of a 401'
  }),
  /** What a route needs that declares nothing, as DRF's `DEFAULT_PERMISSION_CLASSES`; staff are its admin users. @default 'allowAny' */
  defaultPermission: oneOf(['allowAny', 'isAuthenticated', 'isAdminUser', 'isAuthenticatedOrReadOnly'], {
    default: 'allowAny',
    description: "what a route needs that declares nothing, as DRF's `DEFAULT_PERMISSION_CLASSES`; staff are its admin users"
  }),
  /**
   * Whether errors of ours are answered as DRF does, or your error handler gets them, with `statusCode`, `code` and `headers`.
   * @default 'drf'
   */
  errors: oneOf(['drf', 'throw'], {
    default: 'drf',
    description: 'whether errors of ours are answered as DRF does, or your error handler gets them, with `statusCode`, `code` and `headers`'
  }),
  /** Who may administer, and may grant and hold the reserved scopes: superusers, or staff too. @default 'superuser' */
  administrators: oneOf(['superuser', 'staff'], {
    default: 'superuser',
    description: 'who may administer, and may grant and hold the reserved scopes: superusers, or staff too'
  })
})

/** What is set of the plugin itself, wherever keys are looked up. */
export type PluginOptions = Static<typeof pluginOptions>
