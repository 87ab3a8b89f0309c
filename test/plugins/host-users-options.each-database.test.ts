import SQLite from 'better-sqlite3'
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import { drizzle as drizzleRemote } from 'drizzle-orm/pg-proxy'
import { integer, json, pgTable, primaryKey, real, text, timestamp } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, primaryKey as sqlitePrimaryKey, real as sqliteReal, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import { isNull, sql } from 'drizzle-orm'
import Fastify from 'fastify'
import pg from 'pg'
import t, { type Test } from 'tap'
import authtoken from '../../src/index.js'
import { authtokenTables as postgresTables } from '../../src/postgres.js'
import { type Db, hostTables, isPostgres, peopleTable, tokenTables } from '../support/host-tables.js'

const people = peopleTable()
const tables = tokenTables(people)
// Nobody has asked it anything when options are refused.
const unused = (isPostgres ? drizzlePostgres(new pg.Pool()) : drizzleSqlite(new SQLite(':memory:'))) as unknown as Db
const foreign = isPostgres ? sqliteTable('people', { id: sqliteInteger().primaryKey() }) : pgTable('people', { id: integer().primaryKey() })
const core = isPostgres ? 'drizzle-orm/pg-core' : 'drizzle-orm/sqlite-core'

/** Why a registration is refused. */
async function refusal (options: Record<string, unknown>): Promise<string> {
  const app = Fastify()
  try {
    await app.register(authtoken, { database: unused, tables, users: { table: people }, ...options } as never)
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  } finally {
    await app.close()
  }
}

/** The same with a database that has the tables of a schema, and what was done to it. */
async function refusalOn (t: Test, schema: Record<string, unknown>, statements: string[], options: Record<string, unknown> = {}): Promise<string> {
  const { db } = await hostTables(t, schema)
  for (const statement of statements) await run(db, statement)
  return await refusal({ database: db, ...options })
}

const run = (db: Db, statement: string) => isPostgres ? db.execute(statement) : (db as unknown as { run (statement: string): unknown }).run(statement)

t.test('options of another form are named, all at once', async (t) => {
  t.equal(await refusal({ database: 'file:./app.db', tables: {}, users: { table: people, name: people.email, select: [], isActive: true }, usres: 1, migrate: true, verifyCredentials: 'sql' }), 'authtoken: ' + [
    'usres is not an option',
    'migrate is not an option',
    'database must be a Drizzle instance, where the users are your own',
    'tables.authtokenToken must be a Drizzle table',
    'tables.authtokenAccesstoken must be a Drizzle table',
    'tables.authtokenState must be a Drizzle table',
    'users.name is not an option',
    'users.isActive must be a boolean column, or a condition',
    'users.select must be an object of columns',
    'verifyCredentials must be a function of a username, a password and the request'
  ].join('; '))
  t.equal(await refusal({ users: undefined }), 'authtoken: users must be given where tables are, as { table: people }')
  t.equal(await refusal({ users: {} }), 'authtoken: users.table must be a Drizzle table')
  t.equal(await refusal({ tables: undefined }), 'authtoken: tables must be given where users.table is a Drizzle table, as authtokenTables makes them')
  t.equal(await refusal({ users: { table: people, username: 'email' } }), 'authtoken: users.username must be a column of the table')
})

t.test('tables and columns that do not belong together are named, all at once', async (t) => {
  t.equal(await refusal({ users: { table: foreign } }), `authtoken: users.table must be a table of ${core}, as the database is`)
  t.equal(await refusal({ users: { table: { id: 1 } } }), `authtoken: users.table must be a table of ${core}, as the database is`)
  const others = peopleTable(undefined, 'others')
  t.equal(await refusal({
    tables: { ...tables, authtokenToken: others, authtokenState: {} },
    users: { table: people, id: others.id, username: people.id, password: people.isActive, isActive: people.nickname, isStaff: others.isAdmin, isSuperuser: people.id, select: { id: people.id, nick: others.nickname } }
  }), 'authtoken: ' + [
    'users.id must be a column of the table people',
    'users.password must be a column of text; is_active is ' + (isPostgres ? 'boolean' : 'integer'),
    'users.isActive must be a boolean column, or a condition such as isNull(people.deletedAt); nickname is text',
    'users.select.nick must be a column of the table people',
    'users.username must be a column of text; id is integer',
    'users.isStaff must be a column of the table people',
    'users.isSuperuser must be a boolean column, or a condition such as isNull(people.deletedAt); id is integer',
    'tables.authtokenToken must be made for these users, by authtokenTables(people): its userId is missing, and users.id is integer',
    `tables.authtokenState must be a table of ${core}, as authtokenTables makes it`
  ].join('; '))
  t.equal(await refusal({ users: { table: people, select: { id: people.id, secret: people.passwordHash } } }), 'authtoken: users.select.secret must not be the password')
  t.equal(await refusal({ tables: { ...tables, authtokenToken: others } }), 'authtoken: tables.authtokenToken must be made for these users, by authtokenTables(people): its userId is missing, and users.id is integer')
})

t.test('ids that no token could refer to, and a table without a primary key, are refused', async (t) => {
  const bad = isPostgres
    ? pgTable('bad', { json: json().notNull().unique(), date: timestamp().notNull().unique(), real: real().notNull().unique(), email: text().notNull().unique(), passwordHash: text() })
    : sqliteTable('bad', { json: sqliteText({ mode: 'json' }).notNull().unique(), date: sqliteInteger({ mode: 'timestamp' }).notNull().unique(), real: sqliteReal().notNull().unique(), email: sqliteText().notNull().unique(), passwordHash: sqliteText() })
  for (const [name, type] of [['json', isPostgres ? 'json' : 'text'], ['date', isPostgres ? 'timestamp' : 'integer'], ['real', 'real']] as const) {
    t.equal(await refusal({ users: { table: bad, id: bad[name] } }), `authtoken: users.id must be an integer, a big integer, a UUID or text; ${name} is ${type}`)
    t.throws(() => tokenTables(bad, { id: bad[name] }), { message: `authtokenTables: the ids of the users in bad must be integers, big integers, UUIDs or text; the column "${name}" is ${type}` })
  }
  t.equal(await refusal({ users: { table: bad } }), 'authtoken: users.id must be given: the table bad has no primary key of one column')

  const pairs = isPostgres
    ? pgTable('pairs', { id: integer().notNull(), tenant: integer().notNull(), email: text().notNull().unique(), passwordHash: text() }, (self) => [primaryKey({ columns: [self.id, self.tenant] })])
    : sqliteTable('pairs', { id: sqliteInteger().notNull(), tenant: sqliteInteger().notNull(), email: sqliteText().notNull().unique(), passwordHash: sqliteText() }, (self) => [sqlitePrimaryKey({ columns: [self.id, self.tenant] })])
  t.match(await refusalOn(t, { pairs, state: tables.authtokenState }, [], { users: { table: pairs } }), /^authtoken: users.id: id is neither the primary key of pairs nor unique; name a column that is; tables.authtokenToken: the database has no table authtoken_token; make a migration with drizzle-kit, and apply it; /)
})

t.test('a column of passwords is needed where we check them, and nowhere else', async (t) => {
  const plain = isPostgres
    ? pgTable('plain', { id: integer().primaryKey(), login: text() })
    : sqliteTable('plain', { id: sqliteInteger().primaryKey(), login: sqliteText() })
  const own = tokenTables(plain)
  const users = { table: plain }
  t.equal(await refusal({ tables: own, users }), 'authtoken: ' +
    'users.password must be given: the table plain has no column password, passwordHash, hashedPassword or encryptedPassword; name it, or give verifyCredentials; ' +
    'users.username must be given: the table plain has no column username or email; name it, or give verifyCredentials')
  const { db } = await hostTables(t, { plain, ...own })
  t.equal(await refusal({ database: db, tables: own, users, exchange: false }), 'accepted')
  t.equal(await refusal({ database: db, tables: own, users, verifyCredentials: () => null }), 'accepted')
  t.equal(await refusal({ database: db, tables: own, users: { ...users, username: plain.login, password: plain.login, select: {} } }), 'authtoken: users.username: login is not unique in plain; make it unique (in every row), name a column that is, or give verifyCredentials')
})

t.test('a database that is behind its schema is named by what it lacks', async (t) => {
  const schema = { people, ...tables }
  const apply = 'apply the migration that makes it'
  const make = 'make a migration with drizzle-kit, and apply it'
  t.equal(await refusalOn(t, { others: peopleTable(undefined, 'others') }, []), `authtoken: users.table: the database has no table people; ${apply}`)
  t.equal(await refusalOn(t, { people }, []), `authtoken: ${['authtokenToken: the database has no table authtoken_token', 'authtokenAccesstoken: the database has no table authtoken_accesstoken', 'authtokenState: the database has no table authtoken_state'].map((missing) => `tables.${missing}; ${make}`).join('; ')}`)
  t.equal(await refusalOn(t, schema, ['alter table people drop column nickname', 'alter table people drop column is_active', 'alter table authtoken_accesstoken drop column lifetime']), 'authtoken: ' +
    `users.isActive: the table people has no column is_active in the database; ${apply}; ` +
    `users.select.nickname: the table people has no column nickname in the database; ${apply}; ` +
    `tables.authtokenAccesstoken: the table authtoken_accesstoken has no column lifetime in the database; ${make}`)
  t.equal(await refusalOn(t, schema, ['alter table people drop column is_admin'], { users: { table: people, select: { id: people.id } } }), `authtoken: users.isStaff: the table people has no column is_admin in the database; ${apply}`)
})

t.test('a username that may be another\'s too is refused, as far as the database knows', async (t) => {
  const loose = isPostgres
    ? pgTable('people', { id: integer().primaryKey(), email: text().notNull(), passwordHash: text() })
    : sqliteTable('people', { id: sqliteInteger().primaryKey(), email: sqliteText().notNull(), passwordHash: sqliteText() })
  const own = tokenTables(loose)
  const options = { tables: own, users: { table: loose } }
  const notUnique = 'authtoken: users.username: email is not unique in people; make it unique (in every row), name a column that is, or give verifyCredentials'
  for (const index of ['(email) where id > 0', '(email, password_hash)', '(lower(email))']) t.equal(await refusalOn(t, { loose, ...own }, [`create unique index loose on people ${index.replace('password_hash', '"passwordHash"')}`], options), notUnique, index)
  t.equal(await refusalOn(t, { loose, ...own }, ['create unique index tight on people (email)'], options), 'accepted')
  if (isPostgres) t.equal(await refusalOn(t, { loose, ...own }, ['create unique index tight on people (email) include (id)'], options), 'accepted')
})

t.test('tokens of another table, or without a reference, are refused', async (t) => {
  const staff = peopleTable(undefined, 'staff')
  const ofStaff = tokenTables(staff)
  const reference = (table: string) => `tables.${table}: its user_id does not refer to people.id, so that tokens would outlive their user; make it by authtokenTables(people), with a migration`
  t.equal(await refusalOn(t, { people, staff, ...ofStaff }, []), `authtoken: ${reference('authtokenToken')}; ${reference('authtokenAccesstoken')}`)
  const ids = isPostgres ? 'alter table authtoken_token drop constraint authtoken_token_user_id_people_id_fk' : 'drop table authtoken_token'
  t.equal(await refusalOn(t, { people, ...tables }, [ids, ...(isPostgres ? [] : ['create table authtoken_token (key text primary key, created datetime, user_id integer unique)'])]), `authtoken: ${reference('authtokenToken')}`)
  t.equal(await refusalOn(t, { people, ...tables }, [ids, isPostgres ? 'alter table authtoken_token alter column user_id type text' : 'create table authtoken_token (key text primary key, created datetime, user_id text unique references people (id))']),
    'authtoken: tables.authtokenToken: its user_id is text, and users.id is integer; make it by authtokenTables(people), with a migration' + (isPostgres ? `; ${reference('authtokenToken')}` : ''))
})

t.test('Drizzle instances of other drivers are refused', async (t) => {
  const message = 'authtoken: database must be a Drizzle instance of drizzle-orm/better-sqlite3, or of drizzle-orm/node-postgres on a Pool'
  const own = { tables: postgresTables(pgTable('people', { id: integer().primaryKey() })), users: { table: pgTable('people', { id: integer().primaryKey() }) } }
  t.equal(await refusal({ ...own, database: drizzleRemote(async () => ({ rows: [] })) }), message)
  t.equal(await refusal({ ...own, database: drizzlePostgres(new pg.Client()) }), message, 'on one connection')
  t.equal(await refusal({ database: { all () {} } }), message)
})

t.test('conditions may stand where boolean columns may', async (t) => {
  t.equal(await refusalOn(t, { people, ...tables }, [], { users: { table: people, isActive: isNull(people.deletedAt), isStaff: isNull(people.nickname) } }), 'accepted')
  t.match(await refusalOn(t, { people, ...tables }, [], { users: { table: people, isStaff: sql`exists (select 1 from nowhere)` } }), /^authtoken: users: the database can not select a user: [^;]*nowhere[^;]*; users.isActive, users.isStaff and users.isSuperuser must be conditions that it understands$/)
})

t.test('SQLite without its foreign keys is refused', { skip: isPostgres && 'PostgreSQL has no such switch' }, async (t) => {
  const { db } = await hostTables(t, { people, ...tables })
  run(db, 'pragma foreign_keys = off')
  t.equal(await refusal({ database: db }), 'authtoken: database must have foreign keys enforced, so that tokens go with their user: set "pragma foreign_keys = ON" on its connection')
})
