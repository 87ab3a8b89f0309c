/** Values as text, or as they are where JSON has no words for one of them. */
export type Packed = string | readonly unknown[]

/** Packs values into text, which takes far less memory than strings and dates take one by one. */
export function pack (values: readonly unknown[]): Packed {
  const plain = []
  for (const value of values) {
    if (value instanceof Date && Number.isFinite(value.getTime())) plain.push([value.getTime()])
    else if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) plain.push(value)
    else return values
  }
  // In one piece: JSON.stringify leaves several, which take a third more.
  return Buffer.from(JSON.stringify(plain)).toString()
}

/** The values again; dates are new ones. */
export const unpack = (packed: Packed): readonly unknown[] =>
  typeof packed === 'string' ? JSON.parse(packed).map((value: unknown) => Array.isArray(value) ? new Date(value[0]) : value) : packed
