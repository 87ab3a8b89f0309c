import { cpus, release, totalmem, type } from 'node:os'

/** The machine that the figures are from, in one line. */
export function describeMachine (): string {
  const cores = cpus()
  return `${cores[0]?.model.trim() ?? 'unknown CPU'}, ${cores.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ` +
    `${release()}, Node ${process.version}`
}
