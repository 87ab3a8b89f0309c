const PARAMETER = '[a-z]{1,2}=\\d{1,8}'
const BASE64 = '[A-Za-z0-9+/]{1,1400}'
const PARAMETERS = `${PARAMETER}(?:,${PARAMETER}){0,3}`
const STRING = new RegExp(`^\\$([a-z0-9-]{1,32})(?:\\$v=(\\d{1,3}))?\\$(${PARAMETERS})\\$(${BASE64})\\$(${BASE64})$`)
const MAX_SALT_BYTES = 1024
const MIN_HASH_BYTES = 12
const MAX_HASH_BYTES = 128

/** A hash in PHC's string format: `$<id>[$v=<version>]$<parameter>=<value>,…$<salt>$<hash>`. */
type Phc<Name extends string> = { id: string, version: number | null, parameters: Record<Name, number>, salt: Buffer, hash: Buffer }

/** Reads such a string with just these parameters, in any order; null for anything else, and for a salt or hash of no sane length. */
export function readPhc<Name extends string> (encoded: string, names: readonly Name[]): Phc<Name> | null {
  const [, id, version, list, saltText, hashText] = STRING.exec(encoded) ?? []
  if (id === undefined || list === undefined || saltText === undefined || hashText === undefined) return null
  const parameters = new Map(list.split(',').map((parameter) => parameter.split('=') as [string, string]))
  if (list.split(',').length !== names.length || !names.every((name) => parameters.has(name))) return null
  const salt = decode(saltText, 1, MAX_SALT_BYTES)
  const hash = decode(hashText, MIN_HASH_BYTES, MAX_HASH_BYTES)
  if (salt === null || hash === null) return null
  const values = Object.fromEntries(names.map((name) => [name, Number(parameters.get(name))])) as Record<Name, number>
  return { id, version: version === undefined ? null : Number(version), parameters: values, salt, hash }
}

function decode (text: string, min: number, max: number): Buffer | null {
  const buffer = Buffer.from(text, 'base64')
  const isExact = buffer.toString('base64').replaceAll('=', '') === text
  return isExact && buffer.length >= min && buffer.length <= max ? buffer : null
}
