import { cpus } from 'node:os'

/** The machine that the figures are from, in one line. */
export function describeMachine (): string {
  const cores = cpus()
  return `${cores[0]?.model.trim() ?? 'unknown CPU'}, ${cores.length} cores, Node ${process.version}`
}
