import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cell, type Report } from './report.js'

const PAGE = join(import.meta.dirname, '../../docs/performance.md')

/** What a run leaves behind. */
export interface Result extends Report {
  name: string
  command: string
  machine: string
  /** When, in ISO 8601. */
  at: string
}

/** Writes a result into docs/performance.md, between the markers of its name; where there are none, it is not shown there. */
export function writePerformancePage (result: Result): void {
  const between = new RegExp(`(<!-- bench:${result.name} -->\n)[^]*?(<!-- /bench -->)`)
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(between, (_, begin: string, end: string) => `${begin}\n${section(result)}\n\n${end}`)
  )
}

const section = ({ command, at, machine, conditions, rows, target, met, verdict }: Result): string => [
  `\`${command}\`, ${at.slice(0, 10)}, ${machine}`,
  conditions.map((condition) => `- ${condition}`).join('\n'),
  table(rows),
  `Target: ${target}`,
  `**${met ? 'Met' : 'Missed'}**: ${verdict}`
].join('\n\n')

function table (rows: Report['rows']): string {
  const columns = Object.keys(rows[0] ?? {})
  const line = (cells: string[]) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(columns),
    `|${columns.map((column) => typeof rows[0]?.[column] === 'number' ? '--:' : '---').join('|')}|`,
    ...rows.map((row) => line(columns.map((column) => cell(row[column]))))
  ].join('\n')
}
