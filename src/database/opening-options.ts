import type { Static } from '@sinclair/typebox'
import type { databaseOptions } from '../options/database-options.js'

/** How a database is opened. */
export interface DatabaseOptions extends Static<typeof databaseOptions> {
  /** SQLite: whether a file that does not exist is made. @default true */
  create?: boolean
}
