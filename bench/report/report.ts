/** What a bench found out. */
export interface Report {
  /** What was promised. */
  target: string
  /** Whether it is kept. */
  met: boolean
  /** One line: what was measured against the target. */
  verdict: string
  /** How it was measured, as far as the figures depend on it. */
  conditions: string[]
  /** The figures, a line of the table each. */
  rows: Array<Record<string, string | number>>
}

/** Prints the table, then the verdict. */
export function printReport ({ target, met, verdict, conditions, rows }: Report): void {
  for (const condition of conditions) console.log(condition)
  console.log(`\n${table(rows)}\n`)
  console.log(`target: ${target}`)
  console.log(`${met ? 'met' : 'MISSED'}: ${verdict}`)
}

function table (rows: Report['rows']): string {
  const columns = Object.keys(rows[0] ?? {})
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] as string).length)))
  const isNumber = columns.map((column) => typeof rows[0]?.[column] === 'number')
  return lines
    .map((line) => line.map((text, i) => isNumber[i]
      ? text.padStart(widths[i] as number)
      : text.padEnd(widths[i] as number)).join('  ').trimEnd())
    .join('\n')
}

/** A figure as it is shown. */
export const cell = (value: string | number | undefined): string =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : String(value ?? '')
