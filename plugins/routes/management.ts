import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TSchema, Type } from '@sinclair/typebox'
import type { onRequestHookHandler, RouteOptions } from 'fastify'
import { errorSchema, fieldErrorsSchema } from '../../src/api/resources.js'
import { NotFound } from '../../src/errors.js'
import type { Administrators } from '../../src/identity/scope.js'
import type { Tokens } from '../../src/tokens/tokens-as.js'
import type { Users } from '../../src/users/users.js'
import type { PublicAddress } from '../http/public-address.js'

/** Options of the routes that manage users and tokens. */
export interface ManagementOptions extends Pick<PublicAddress, 'baseOf'> {
  users: Users
  tokens: Tokens
  /** Who administers. Staff can't touch a superuser, its tokens, nor anybody's flags. */
  administrators: Administrators
}

/** An application whose handlers have the types of their route's schema. */
export type TypedApp = Parameters<FastifyPluginAsyncTypebox>[0]

/** Who may use a route. */
export interface Guard {
  config: NonNullable<RouteOptions['config']>
  onRequest?: onRequestHookHandler[]
}

/** The answer that has no body. */
export const noContent = Type.Unsafe<undefined>(Type.Null())

const errors = { 400: fieldErrorsSchema, 401: errorSchema, 403: errorSchema, 404: errorSchema, 409: errorSchema }

/** Makes the options of routes. @param shared what their schemas have alike, beside the answers to errors */
export const operations = <Shared extends object>(guard: Guard, shared: Shared) =>
  <Takes extends object, Answers extends Record<number, TSchema>>(summary: string, takes: Takes, answers: Answers) =>
    ({ ...guard, schema: { ...shared, summary, ...takes, response: { ...answers, ...errors } } })

/** What was found. @throws NotFound where it is null or false */
export function orNotFound<Found> (found: Found | null | false): Found {
  if (found === null || found === false) throw new NotFound('Not found.')
  return found
}
