import type { Column, Table } from 'drizzle-orm'
import { bigint, bigserial, char, integer, pgTable, serial, smallint, smallserial, text, uuid, varchar } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import t from 'tap'
import { uuid as djangoUuid } from '../../../src/database/sqlite/columns.js'
import { authtokenTables as postgresTables } from '../../../src/postgres.js'
import { authtokenTables as sqliteTables } from '../../../src/sqlite.js'

type Made = Record<'authtokenToken' | 'authtokenAccesstoken', Table & { userId: Column }>
const typesOf = ({ authtokenToken, authtokenAccesstoken }: Made) => [authtokenToken, authtokenAccesstoken].map(({ userId }) => [userId.name, userId.dataType, userId.notNull, userId.getSQLType()])

t.test('tokens refer to their user by a column of the same type, on PostgreSQL', async (t) => {
  const columns = {
    smallint: [smallint(), 'smallint', 'number'],
    smallserial: [smallserial(), 'smallint', 'number'],
    integer: [integer(), 'integer', 'number'],
    serial: [serial(), 'integer', 'number'],
    'bigint, as number': [bigint({ mode: 'number' }), 'bigint', 'number'],
    'bigserial, as number': [bigserial({ mode: 'number' }), 'bigint', 'number'],
    'bigint, as bigint': [bigint({ mode: 'bigint' }), 'bigint', 'bigint'],
    'bigserial, as bigint': [bigserial({ mode: 'bigint' }), 'bigint', 'bigint'],
    uuid: [uuid(), 'uuid', 'string'],
    text: [text(), 'text', 'string'],
    varchar: [varchar(), 'varchar', 'string'],
    'varchar of a length': [varchar({ length: 26 }), 'varchar(26)', 'string'],
    char: [char(), 'char', 'string'],
    'char of a length': [char({ length: 21 }), 'char(21)', 'string']
  } as const
  for (const [kind, [column, type, data]] of Object.entries(columns)) {
    const people = pgTable('people', { id: (column as ReturnType<typeof text>).primaryKey() })
    const expected = ['user_id', data, true, type]
    t.same(typesOf(postgresTables(people) as unknown as Made), [expected, expected], kind)
  }
})

t.test('so they do on SQLite', async (t) => {
  for (const [column, type, data] of [[sqliteInteger(), 'integer', 'number'], [sqliteText(), 'text', 'string'], [djangoUuid(), 'char(32)', 'custom']] as const) {
    const people = sqliteTable('people', { id: (column as ReturnType<typeof sqliteText>).primaryKey() })
    const expected = ['user_id', data, true, type]
    t.same(typesOf(sqliteTables(people) as unknown as Made), [expected, expected], type)
  }
})
