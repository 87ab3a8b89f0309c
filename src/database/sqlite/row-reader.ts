import { Column, is, SQL } from 'drizzle-orm'

/** What a query selects, nested as its rows are. */
export interface Selection { [name: string]: unknown }

interface Field { name: string, index: number, decode: ((value: unknown) => unknown) | null }
interface Plan { fields: Field[], nested: Array<{ name: string, plan: Plan }> }

/** Turns the values of a row into an object. Drizzle works out at each row what that takes, which costs more than a look-up. */
export function createRowReader<Row> (selection: Selection): (values: unknown[]) => Row {
  let index = 0

  function planOf (selection: Selection): Plan {
    const plan: Plan = { fields: [], nested: [] }
    for (const [name, selected] of Object.entries(selection)) {
      if (isField(selected)) plan.fields.push({ name, index: index++, decode: decoderOf(selected) })
      else plan.nested.push({ name, plan: planOf(selected as Selection) })
    }
    return plan
  }

  const plan = planOf(selection)
  return (values) => read(plan, values) as Row
}

function read ({ fields, nested }: Plan, values: unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const { name, index, decode } of fields) {
    const value = values[index]
    row[name] = value === null || decode === null ? value : decode(value)
  }
  for (const { name, plan } of nested) row[name] = read(plan, values)
  return row
}

type Selected = Column | SQL | SQL.Aliased
interface Decoder { mapFromDriverValue (value: unknown): unknown }

const isField = (selected: unknown): selected is Selected => is(selected, Column) || is(selected, SQL) || is(selected, SQL.Aliased)

/** How a value is read; null: it is taken as it is. */
function decoderOf (selected: Selected): Field['decode'] {
  const expression = is(selected, SQL.Aliased) ? selected.sql : selected
  const decoder = is(expression, Column) ? expression : (expression as unknown as { decoder: Decoder }).decoder
  return decoder.mapFromDriverValue === Column.prototype.mapFromDriverValue ? null : (value) => decoder.mapFromDriverValue(value)
}
