import { sqliteTable } from 'drizzle-orm/sqlite-core'
import { djangoUserColumns } from '../table-columns.js'
import { defineTokenTables, SQLITE_COLUMNS } from './token-tables.js'

export const users = sqliteTable('auth_user', djangoUserColumns(SQLITE_COLUMNS))

/** DRF's tokens, and ours. */
export const { authtokenToken, authtokenAccesstoken, authtokenState } = defineTokenTables<number>(users.id, sqliteTable)
