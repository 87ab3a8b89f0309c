import { customType } from 'drizzle-orm/pg-core'

/** The earliest date that JavaScript knows. */
const EARLIEST = new Date(-8.64e15)

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
