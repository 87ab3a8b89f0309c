import { setTimeout as sleep } from 'node:timers/promises'

const BOUND_MS = 120_000
const POLL_MS = 3

/** Waits until something is so. @param what says it, where it does not come to be */
export async function until (isSo: () => boolean | Promise<boolean>, what = 'what was waited for'): Promise<void> {
  const deadline = performance.now() + BOUND_MS
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`still not: ${what}`)
    await sleep(POLL_MS)
  }
}
