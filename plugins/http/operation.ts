import { type TSchema, Type } from '@sinclair/typebox'
import type { onRequestHookHandler, RouteOptions } from 'fastify'
import { errorSchema, fieldErrorsSchema } from '../../src/api/resources.js'

/** Who may use a route. */
export interface Guard {
  config: NonNullable<RouteOptions['config']>
  onRequest: onRequestHookHandler[]
}

/** The answer that has no body. */
export const noContent = Type.Unsafe<undefined>(Type.Null())

const errors = { 400: fieldErrorsSchema, 401: errorSchema, 403: errorSchema, 404: errorSchema, 409: errorSchema }

/**
 * Makes the options of routes that manage users or tokens.
 * @param shared the part of their schemas that is the same
 * @returns a function of a summary, what a route takes, and its answers but for the errors
 */
export const operations = <Shared extends object>({ config, onRequest }: Guard, shared: Shared) =>
  <Takes extends object, Answers extends Record<number, TSchema>>(summary: string, takes: Takes, answers: Answers) => ({
    config,
    onRequest,
    schema: { ...shared, summary, ...takes, response: { ...answers, ...errors } }
  })
