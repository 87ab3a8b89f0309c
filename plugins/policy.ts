import { type Static, Type } from '@sinclair/typebox'
import { Errors, ValueErrorType } from '@sinclair/typebox/errors'
import { InvalidSettings } from '../src/errors.js'
import { SCOPE_PATTERN } from '../src/identity/scope.js'
import { givenOptions } from '../src/options/option-problems.js'
import { KEYWORD_PATTERN } from '../src/options/plugin-options.js'
import type { Check } from './authenticate-hook.js'
import { type Permission, permissions, scopePermission } from './permissions.js'

// `right` says in words what may be declared.
const keywordsRight = { right: "a list of at least one keyword without spaces, as ['Token']" }
const scopeRight = "one or more scopes with single spaces between them, as 'orders:read'"
const names = Object.keys(permissions) as Permission[]
const permissionSchema = Type.Union(names.map((name) => Type.Literal(name)), { right: `one of ${names.join(', ')}` })
const scopeSchema = Type.String({ minLength: 1, pattern: SCOPE_PATTERN, right: scopeRight })

const policySchema = Type.Object({
  keywords: Type.Optional(Type.Array(Type.String({ pattern: KEYWORD_PATTERN, ...keywordsRight }), { minItems: 1, ...keywordsRight })),
  permission: Type.Optional(Type.Unsafe<Permission>(permissionSchema)),
  scope: Type.Optional(Type.Union([scopeSchema, Type.Null()], { right: scopeRight }))
}, { additionalProperties: false, right: 'an object, or false' })

/** What may be declared of routes. `scope: null`: none is needed, whatever is declared around the route. */
export type PolicyFields = Static<typeof policySchema>

/** What a route declares in `config.authtoken`; `false` leaves the route to others: no token is read there. */
export type RouteAuthtoken = PolicyFields | false

/** What holds for a route. */
export type Policy = Required<PolicyFields>

/** The permission and the scope, where both are needed. */
export function checkOf ({ permission, scope }: Policy): Check {
  const isPermitted = permissions[permission]
  if (scope === null) return isPermitted
  const hasScope = scopePermission(scope)
  return (request) => isPermitted(request) ?? hasScope(request)
}

/**
 * What was declared, checked; a field that is undefined is not.
 * @param where for the message, as `GET /: config.authtoken`
 * @throws InvalidSettings that says where, which field, and what would be right
 */
export function checkFields (where: string, given: unknown): PolicyFields {
  const fields = isObject(given) ? givenOptions(given) : given
  const problem = Errors(policySchema, fields).First()
  if (problem === undefined) return fields as PolicyFields
  const { type, path, schema } = problem
  const isUnknown = type === ValueErrorType.ObjectAdditionalProperties
  const detail = isUnknown ? 'is not known; known are keywords, permission and scope' : `must be ${schema.right}`
  throw new InvalidSettings(`${where}${path.replaceAll('/', '.')} ${detail}`)
}

/** Refuses what is no scope. @throws InvalidSettings */
export function checkScope (where: string, scope: string): void {
  if (Errors(scopeSchema, scope).First() !== undefined) throw new InvalidSettings(`${where}: the scope must be ${scopeRight}`)
}

const isObject = (given: unknown): given is object => typeof given === 'object' && given !== null && !Array.isArray(given)
