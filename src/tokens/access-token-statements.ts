import { and, eq, gt, isNotNull, isNull, lte, notInArray, or, type SQL } from 'drizzle-orm'
import type { Database, Db } from '../database/database-interface.js'
import type { Owner } from '../identity/identity.js'

/** Conditions and statements on `authtoken_accesstoken` that several writes are made of. */
export function accessTokenStatements ({ cast, tables: { authtokenAccesstoken: tokens } }: Database) {
  return {
    isToken: (owner: Owner, id: string) => and(eq(tokens.userId, owner.id), eq(tokens.id, id)),

    isAlive: (now: Date) => or(isNull(tokens.expires), gt(tokens.expires, now)),

    /** Replaced tokens whose successor is gone: nothing would end them any more. */
    deleteOrphans: (tx: Db, owner: Owner) => tx.delete(tokens).where(and(
      eq(tokens.userId, owner.id),
      isNotNull(tokens.replacedBy),
      notInArray(tokens.replacedBy, tx.select({ id: tokens.id }).from(tokens).where(eq(tokens.userId, owner.id)))
    )),

    /** An expired token gives up its name. */
    freeName: (tx: Db, owner: Owner, name: string, now: Date) => tx.delete(tokens)
      .where(and(eq(tokens.userId, owner.id), eq(tokens.name, name), isNull(tokens.replacedBy), lte(tokens.expires, now))),

    /** Values as the columns of a select. */
    columnsOf <Row extends Partial<typeof tokens.$inferInsert>> (row: Row) {
      return Object.fromEntries(Object.entries(row).map(([name, value]) => {
        const column = tokens[name as keyof Row & keyof typeof tokens.$inferInsert]
        return [name, cast(value, column).as(column.name)]
      })) as { [Name in keyof Row]: SQL.Aliased }
    }
  }
}
