import type { Tally } from './ledger.js'
import type { Recovery } from './recovery.js'

/** A line a phase: how often each answer came, and how long after the fault everything worked again, on the slower node. */
export function printTable (tallies: Tally[], recoveries: Map<string, Recovery[]>): void {
  const statuses = [...new Set(tallies.flatMap((tally) => Object.keys(tally.statuses)))].sort()
  const rows = tallies.map(({ title, statuses: counts }) => {
    const found = recoveries.get(title)
    const slower = (what: keyof Recovery) =>
      found === undefined ? '' : `${Math.round(Math.max(...found.map((recovery) => recovery[what])))} ms`
    return [
      title,
      ...statuses.map((status) => String(counts[status] ?? 0)),
      slower('check'),
      slower('login'),
      slower('write'),
      slower('listener')
    ]
  })
  const lines = [['phase', ...statuses.map((status) => status === '0' ? 'none' : status), 'check', 'login', 'write', 'listener'], ...rows]
  const widths = (lines[0] as string[]).map((_, i) => Math.max(...lines.map((line) => (line[i] as string).length)))
  process.stdout.write(`\n${lines.map((line) => line.map((text, i) => i === 0 ? text.padEnd(widths[i] as number) : text.padStart(widths[i] as number)).join('  ')).join('\n')}\n`)
}
