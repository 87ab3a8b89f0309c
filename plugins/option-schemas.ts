import { Type } from '@sinclair/typebox'
import { func, object, oneOf } from '../src/option-problems.js'
import { KEYWORD_PATTERN } from '../src/authentication/authorization-header.js'

/** The options of a registration that are of the plugin itself, wherever keys are looked up. */
export const commonOptions = {
  administrators: oneOf(['superuser', 'staff']),
  keywords: Type.Array(Type.String({ pattern: KEYWORD_PATTERN, right: 'a word without spaces' }), { minItems: 1, right: "a list of at least one keyword, as ['Token']" }),
  defaultPermission: oneOf(['allowAny', 'isAuthenticated', 'isAdminUser', 'isAuthenticatedOrReadOnly']),
  errors: oneOf(['drf', 'throw'])
}

const authenticator = Type.Object({
  authenticate: func('a function of a key'),
  close: Type.Optional(func('a function'))
}, { right: 'an object with a function authenticate' })

/** The options of a registration with an authenticator in place of a database. */
export const delegatedOptions = Type.Composite([Type.Object({ authenticator }), object(commonOptions, '')], { additionalProperties: false })
