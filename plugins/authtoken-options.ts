import { Type } from '@sinclair/typebox'
import { is, Table } from 'drizzle-orm'
import { InvalidSettings } from '../src/errors.js'
import { allOptions } from '../src/options/all-options.js'
import { databaseUrl } from '../src/options/database-options.js'
import { exchangeOptions } from '../src/options/exchange-options.js'
import { func, instance, orFalse } from '../src/options/kinds.js'
import { group, nested } from '../src/options/option-groups.js'
import { givenOptions, optionProblems } from '../src/options/option-problems.js'
import { pluginOptions } from '../src/options/plugin-options.js'

const { withoutListen, cache, passwords, tokens } = allOptions.properties

const ofPlugin = {
  verifyCredentials: func({
    right: 'a function of a username, a password and the request',
    description: '`(username, password, request)` → the user, or an object with its id, or `null`: your own check in place of the ' +
      'column of passwords'
  }),
  exchange: orFalse(exchangeOptions, {
    right: 'an object with path, allow and reply, or false',
    usual: '`{}`',
    description: '`false`: no `POST /api-token-auth/`'
  })
}

/** The options of a registration with a database of Django's form. */
export const localOptions = group({
  ...allOptions.properties,
  database: Type.Optional(Type.Union([databaseUrl, Type.Object({})], {
    right: 'file:<path>, postgres://…, or a Drizzle instance',
    usual: 'required',
    description: '`file:<path>`, migrated when the plugin is registered; `postgres://…`; or your own Drizzle instance on ' +
      'better-sqlite3 or on a Pool of node-postgres, which is neither migrated nor closed'
  })),
  onUserCreated: orFalse(func({ right: 'a function' }), {
    usual: 'every user gets a token',
    right: 'a function of the new user, or false',
    description: 'a function of the new user that says whether it gets a token, or `false`: none does'
  }),
  ...ofPlugin
})

const column = instance({ right: 'a column of the table' })
const condition = instance({ right: 'a boolean column, or a condition' })
const table = Type.Object({}, { right: 'a Drizzle table' })

/** The options of a registration with the host's own users. */
export const hostOptions = group({
  ...pluginOptions.properties,
  database: instance({ right: 'a Drizzle instance, where the users are your own' }),
  tables: Type.Optional(Type.Object({ authtokenToken: table, authtokenAccesstoken: table, authtokenState: table }, {
    right: 'an object with the tables that authtokenTables makes',
    description: 'with your own users: what `authtokenTables` made, `authtokenToken`, `authtokenAccesstoken` and `authtokenState`; ' +
      'others beside them are not looked at'
  })),
  users: nested(group({
    table,
    id: column,
    username: column,
    password: column,
    isActive: condition,
    isStaff: condition,
    isSuperuser: condition,
    select: Type.Optional(Type.Record(Type.String(), column, { right: 'an object of columns' }))
  }, {
    right: 'an object with table, your table of users',
    description: 'with `tables`: your own users, as `{ table: people }`, [and more](docs/host-users.md#which-column-plays-which-part)'
  })),
  withoutListen,
  cache,
  passwords,
  tokens,
  ...ofPlugin
})

/**
 * Checks the options of a registration with a database.
 * @throws InvalidSettings that names every option that is wrong or unknown, and what would be right
 */
export function checkOptions (options: object): void {
  const problems = []
  const { prefix, ...given } = givenOptions(options)
  if (!('database' in given) || 'authenticator' in given) problems.push('either database or authenticator must be given')
  const hasOwnUsers = 'tables' in given || is((given.users as { table?: unknown } | undefined)?.table, Table)
  if (hasOwnUsers && !('tables' in given)) {
    problems.push('tables must be given where users.table is a Drizzle table, as authtokenTables makes them')
  }
  if (hasOwnUsers && !('users' in given)) problems.push('users must be given where tables are, as { table: people }')
  problems.push(...optionProblems(hasOwnUsers ? hostOptions : localOptions, given))
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
}
