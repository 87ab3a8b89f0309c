import { bigint, boolean, customType, integer, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core'

/** A point in time. What is no date reads as null; `infinity` does too, and `-infinity` is long ago. */
export const datetime = customType<{ data: Date | null, driverData: string | null }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: (text) => {
    if (text === '-infinity') return EARLIEST
    const date = new Date(text as string)
    return Number.isNaN(date.getTime()) ? null : date
  },
  toDriver: (date) => date === null ? null : date.toISOString()
})

/** The earliest date that JavaScript knows. */
const EARLIEST = new Date(-8.64e15)

export const tableOfTypes = (name: string, columns: Record<string, { name: string, type: string }>) =>
  pgTable(name, Object.fromEntries(Object.entries(columns).map(([own, { name, type }]) => [own, columnOfType(name, type)])))

function columnOfType (name: string, type: string) {
  if (type === 'uuid') return uuid(name)
  if (type === 'boolean') return boolean(name)
  if (type === 'bigint') return bigint(name, { mode: 'number' })
  if (type === 'smallint') return smallint(name)
  if (type === 'integer') return integer(name)
  return type.startsWith('timestamp') ? datetime(name) : text(name)
}
