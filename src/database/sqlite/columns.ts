import { customType, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Django's text `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, the fraction optional. What is no date reads as null. */
export const datetime = customType<{ data: Date | null, driverData: string | null }>({
  dataType: () => 'datetime',
  fromDriver: (text) => {
    if (typeof text !== 'string' || !DJANGO_DATETIME.test(text)) return null
    const date = new Date(`${text.slice(0, 10)}T${text.slice(11)}Z`)
    return Number.isNaN(date.getTime()) ? null : date
  },
  toDriver: (date) => date === null ? null : `${date.toISOString().slice(0, 23).replace('T', ' ')}000`
})

const DJANGO_DATETIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?$/

export const bool = customType<{ data: boolean, driverData: number }>({
  dataType: () => 'bool',
  fromDriver: (value) => Boolean(value),
  toDriver: (value) => value ? 1 : 0
})

/** Text with the length that Django declares; SQLite does not enforce it. */
export const varchar = customType<{ data: string, config: { length: number }, configRequired: true }>({
  dataType: ({ length }) => `varchar(${length})`
})

export const DJANGO_UUID = 'char(32)'

/** Django's UUID: 32 hexadecimal digits without hyphens, which it has everywhere else. */
export const uuid = customType<{ data: string, driverData: string }>({
  dataType: () => DJANGO_UUID,
  fromDriver: (digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  toDriver: (id) => id.replaceAll('-', '').toLowerCase()
})

export const tableOfTypes = (name: string, columns: Record<string, { name: string, type: string }>) =>
  sqliteTable(name, Object.fromEntries(Object.entries(columns).map(([own, { name, type }]) => [own, columnOfType(name, type)])))

function columnOfType (name: string, type: string) {
  if (type === DJANGO_UUID) return uuid(name)
  if (/^bool/i.test(type)) return bool(name)
  if (/^datetime/i.test(type)) return datetime(name)
  return /int/i.test(type) ? integer(name) : text(name)
}
