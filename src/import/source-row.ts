import type { DjangoUser } from '../identity/identity.js'
import { MAX_ID, type SourceUser } from './django-source.js'
import type { TokenReason, UserReason } from './import-report.js'

/** A user as it is written. */
export interface UserRow extends Omit<DjangoUser, 'id' | 'dateJoined' | 'lastLogin'> {
  password: string
  dateJoined: string
  lastLogin: string | null
}

/** A token as it is written. */
export interface TokenRow { key: string, created: string }

/** A row of the source that has been looked at: what can be written, or why not. `id` is null where it can be none here. */
export interface Candidate {
  sourceId: string
  id: number | null
  user: UserRow | UserReason
  token: TokenRow | TokenReason | null
}

const DATE = /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,6}))?$/
const SECONDS_LENGTH = 'YYYY-MM-DD HH:MM:SS'.length

/**
 * Looks at a row of the source: what of it can be written, and why the rest can not; never what it held.
 * By hand, since each flaw has a reason of its own, and a million rows are looked at.
 */
export function readRow (row: SourceUser): Candidate {
  const id = Number(row.id)
  return {
    sourceId: row.id,
    id: id >= 1 && id <= MAX_ID ? id : null,
    user: readUser(row),
    token: row.key === null ? null : readToken(row.key, row.created)
  }
}

function readUser (row: SourceUser): UserRow | UserReason {
  const { username, password, first_name: firstName, last_name: lastName, email } = row
  if (!isText(username) || !isText(password) || !isText(firstName) || !isText(lastName) || !isText(email)) return 'not_text'
  // Bytes that are no UTF-8 read as the replacement character: whose they were could not be told from others.
  if (username.includes('\ufffd')) return 'not_text'
  if ([username, password, firstName, lastName, email].some((text) => text.includes('\0'))) return 'nul'
  if (username === '') return 'username_empty'
  if (isLonger(username, 150)) return 'username_long'
  if (isLonger(password, 128)) return 'password_long'
  if (isLonger(firstName, 150) || isLonger(lastName, 150)) return 'name_long'
  if (isLonger(email, 254)) return 'email_long'
  const [isActive, isStaff, isSuperuser] = [readFlag(row.is_active), readFlag(row.is_staff), readFlag(row.is_superuser)]
  if (isActive === null || isStaff === null || isSuperuser === null) return 'flag'
  const [dateJoined, lastLogin] = [readDate(row.date_joined), row.last_login === null ? null : readDate(row.last_login)]
  if (dateJoined === null || (lastLogin === null && row.last_login !== null)) return 'date'
  return { username, password, firstName, lastName, email, isActive, isStaff, isSuperuser, dateJoined, lastLogin }
}

function readToken (key: unknown, date: unknown): TokenRow | TokenReason {
  if (!isText(key) || !/^[^\s\0\ufffd]+$/.test(key) || isLonger(key, 40)) return 'key'
  const created = readDate(date)
  return created === null ? 'created' : { key, created }
}

/** A date as Django writes it on SQLite: the fraction has six digits, or is left out. */
function readDate (value: unknown): string | null {
  const [text, day, fraction = ''] = (isText(value) ? DATE.exec(value) : null) ?? []
  if (text === undefined || day === undefined || !isDay(day)) return null
  if (fraction.length === 6 && fraction !== '000000') return text
  const second = text.slice(0, SECONDS_LENGTH)
  return /[1-9]/.test(fraction) ? `${second}.${fraction.padEnd(6, '0')}` : second
}

/** The 30th of February would be one in March. */
const isDay = (day: string): boolean => day >= '0001' && (day.slice(-2) <= '28' || new Date(day).getUTCDate() === Number(day.slice(-2)))

const FLAGS = new Map<unknown, boolean>([[true, true], [1, true], [false, false], [0, false]])

/** A flag as PostgreSQL or SQLite has it; null where it is none. */
export const readFlag = (value: unknown): boolean | null => FLAGS.get(value) ?? null

const isText = (value: unknown): value is string => typeof value === 'string'

/** In characters, as PostgreSQL and Django count. */
const isLonger = (text: string, length: number): boolean => text.length > length && [...text].length > length
