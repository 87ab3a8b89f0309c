import { type Column, getTableColumns, getTableName, type Table } from 'drizzle-orm'
import { InvalidSettings } from '../errors.js'

/** The id of a user: an integer, a big one, a UUID or any text. */
export type UserId = number | string | bigint

/** The type of a user's id: of the column that was named, or of the column `id`. */
export type IdOf<Users, Id> = [Id] extends [never]
  ? Users extends { id: { _: { data: infer Data extends UserId } } } ? Data : UserId
  : Id extends { _: { data: infer Data extends UserId } } ? Data : UserId

/** What an id is called where it is told or remembered: the same for all spellings of one. */
export const idKey = (id: UserId): string => String(id).toLowerCase()

/** What kind of id a column of that declared type holds; null: no id of a user. */
export function idKindOf (type: string): 'integer' | 'uuid' | 'text' | null {
  if (/^(small|big)?(int|serial)|^integer/i.test(type)) return 'integer'
  if (/^(uuid|char\(32\))$/i.test(type)) return 'uuid'
  return /^(text|citext|varchar|char|character)/i.test(type) ? 'text' : null
}

/** Reads an id out of text; null where no user can have it. */
export function readUserId ({ id }: { id: Column }, text: string): UserId | null {
  const type = id.getSQLType()
  if (id.dataType === 'bigint') return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : null
  if (id.dataType === 'number') {
    const largest = LARGEST[id.columnType] ?? Number.MAX_SAFE_INTEGER
    return /^-?\d{1,16}$/.test(text) && Math.abs(Number(text)) <= largest ? Number(text) : null
  }
  if (type === 'uuid' || type === 'char(32)') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null
  return text !== '' && !text.includes('\0') ? text : null
}

// PostgreSQL refuses to compare with a number that its column can not hold.
const LARGEST: Record<string, number> = { PgSmallInt: 32_767, PgSmallSerial: 32_767, PgInteger: 2_147_483_647, PgSerial: 2_147_483_647 }

/** The column `id`. @throws InvalidSettings where there is none */
export function idColumnOf<C extends Column> (users: Table): C {
  const { id } = getTableColumns(users)
  if (id !== undefined) return id as C
  const name = getTableName(users)
  throw new InvalidSettings(
    `authtokenTables: the table ${name} has no column "id"; name the one of the users' ids, as { id: ${name}.userId }`)
}

/** @throws InvalidSettings since no token could refer to such an id */
export function refuseId (id: Column): never {
  throw new InvalidSettings(`authtokenTables: the ids of the users in ${getTableName(id.table)} must be integers, big integers, ` +
    `UUIDs or text; the column "${id.name}" is ${id.getSQLType()}`)
}
