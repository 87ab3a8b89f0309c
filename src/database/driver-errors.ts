import { DatabaseUnavailable, retryAfter } from '../errors.js'

/** The driver's code of an error, also where Drizzle has wrapped it; empty: there is none. */
export const codeOf = (error: unknown): string => {
  const { code, cause } = (error ?? {}) as { code?: unknown, cause?: unknown }
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause)
}

/** Whether a write failed because another row has the same unique value. */
export const isUniqueViolation = (error: unknown): boolean => ['SQLITE_CONSTRAINT_UNIQUE', '23505'].includes(codeOf(error))

/** Whether a write failed because another table's rows point to the row. */
export const isForeignKeyViolation = (error: unknown): boolean => ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503'].includes(codeOf(error))

/** Whether a write failed because of any constraint. The error itself may hold what was to be written. */
export const isConstraintViolation = (error: unknown): boolean => /^(SQLITE_CONSTRAINT|23)/.test(codeOf(error))

/** What callers are told where the database does not answer. */
export const unavailable = (error: unknown) => retryAfter(new DatabaseUnavailable({ cause: error }), 1)
