import { customType } from 'drizzle-orm/sqlite-core'

const DJANGO_DATETIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)$/

/** Django's text `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, the fraction optional. What is no date reads as null. */
export const datetime = customType<{ data: Date | null, driverData: string | null }>({
  dataType: () => 'datetime',
  fromDriver: (text) => {
    const parts = typeof text === 'string' ? DJANGO_DATETIME.exec(text) : null
    if (parts === null) return null
    const date = new Date(`${parts[1]}T${parts[2]}Z`)
    return Number.isNaN(date.getTime()) ? null : date
  },
  toDriver: (date) => date === null ? null : `${date.toISOString().slice(0, 23).replace('T', ' ')}000`
})

/** Django's boolean: 0 or 1. */
export const bool = customType<{ data: boolean, driverData: number }>({
  dataType: () => 'bool',
  fromDriver: (value) => Boolean(value),
  toDriver: (value) => value ? 1 : 0
})

/** Text with the length that Django declares; SQLite does not enforce it. */
export const varchar = customType<{ data: string, config: { length: number }, configRequired: true }>({
  dataType: ({ length }) => `varchar(${length})`
})
