import { pgTable } from 'drizzle-orm/pg-core'
import { djangoUserColumns } from '../table-columns.js'
import { defineTokenTables, POSTGRES_COLUMNS } from './token-tables.js'

export const users = pgTable('auth_user', djangoUserColumns(POSTGRES_COLUMNS))

/** DRF's tokens, and ours. */
export const { authtokenToken, authtokenAccesstoken, authtokenState } = defineTokenTables<number>(users.id, pgTable)
