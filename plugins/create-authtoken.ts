import type { GetColumnData, Table } from 'drizzle-orm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { HostUsers, PasswordName } from '../src/host/host-options.js'
import type { AuthenticatorSource } from './authenticate-hook.js'
import authtoken, { type HostOptions } from './authtoken.js'
import type { Auth } from './caller.js'
import { AUTHENTICATOR } from './token-auth.js'

/** A user as the request has it: what `select` says, or the whole row without the password. */
type RowOf<Users extends HostUsers> = Users extends { select: infer Select extends NonNullable<HostUsers['select']> }
  ? { -readonly [Name in keyof Select]: GetColumnData<Select[Name]> }
  : Omit<Users['table']['$inferSelect'], PasswordName | NamesOf<Users['table'], Users['password']>>

/** What a row calls the values of a column. */
type NamesOf<Users extends Table, Column, Columns = Users['_']['columns']> = Column extends { _: { name: infer Name } }
  ? { [Property in keyof Columns]: Columns[Property] extends { _: { name: Name } } ? Property : never }[keyof Columns]
  : never

/**
 * A registration with types of its own, where an application has several tables of users:
 * `const staff = createAuthtoken({ … })`, `scope.register(staff.plugin)`, and in its routes `staff.user(request)`.
 * @param options as those of `register`
 */
export function createAuthtoken<const Users extends HostUsers> (options: HostOptions<Users>) {
  const sources = new WeakSet<AuthenticatorSource>()
  const isOurs = ({ server }: FastifyRequest): boolean => server.hasDecorator(AUTHENTICATOR) && sources.has(server[AUTHENTICATOR])

  return {
    /** To be registered in a scope of its own. */
    plugin: fp(async (app: FastifyInstance) => {
      await app.register(authtoken, options as unknown as HostOptions)
      sources.add(app[AUTHENTICATOR])
    }, { name: 'fastify-authtoken-handle', fastify: '5.x' }),

    /** The caller, or null: anonymous, or a request of another scope. */
    user: (request: FastifyRequest): RowOf<Users> | null => isOurs(request) ? request.user as RowOf<Users> | null : null,

    /** The caller's token, or null: as `user`. */
    auth: (request: FastifyRequest): Auth | null => isOurs(request) ? request.auth : null
  }
}
