import { type Static, Type } from '@sinclair/typebox'
import { list, oneOf } from './kinds.js'
import { group } from './option-groups.js'

/** A keyword of the `Authorization` header: an RFC 9110 token. */
export const KEYWORD_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

/** A route as a function of `public` gets it. */
export interface PublicRoute {
  url: string
  /** Of a route that was declared with several, all of them. */
  method: string | string[]
  config: object
}

const publicRight = { right: "a list of paths, as '/documentation/*', and functions of a route" }
const publicRoute = Type.Union([Type.String({ pattern: '^/[^*]*\\*?$' }), Type.Function([], Type.Unknown())], publicRight)

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
   * Routes that everybody may use, though they declare nothing, as those of `@fastify/swagger-ui`: `'/documentation/*'` is that path
   * and all below it, `(route) => …` says whether a route is one; a path that no route has stops the start.
   * @default none
   */
  public: Type.Optional(Type.Unsafe<Array<string | ((route: PublicRoute) => boolean)>>(Type.Array(publicRoute, {
    ...publicRight,
    usual: 'none',
    description: "routes that everybody may use, though they declare nothing, as those of `@fastify/swagger-ui`: `'/documentation/*'` " +
      'is that path and all below it, `(route) => …` says whether a route is one; a path that no route has stops the start'
  }))),
  /**
   * Whether a request for which there is no route needs what routes need that declare nothing: where a not-found handler answers with
   * a page, as for single-page applications.
   * @default 'open'
   */
  notFound: oneOf(['open', 'guard'], {
    default: 'open',
    description: 'whether a request for which there is no route needs what routes need that declare nothing: where a not-found handler ' +
      'answers with a page, as for single-page applications'
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
