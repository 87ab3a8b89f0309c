import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exchange, type Outcome } from './exchange.js'
import { type Finding, isQueueFull, judge } from './findings.js'
import { mutate } from './mutations.js'
import { createRandom, randomOf } from './random.js'
import { type ConformanceRequest, makeRequest, type Material } from './requests.js'
import { createSecrets, type Secrets } from './secrets.js'
import { startService } from './service.js'

const CASES = join(import.meta.dirname, '../../fixtures/conformance/cases.json')
const AT_ONCE = 8
const BATCH = 400

/** A run. */
export interface FuzzOptions {
  /** How many requests are sent. */
  requests: number
  /** The same seed makes the same requests. */
  seed: number
}

/** What a run came to. */
export interface FuzzResult extends FuzzOptions {
  /** How many requests were answered with each status. */
  statuses: Record<number, number>
  /** Logins that were told that too many wait; not among the findings. */
  queueFull: number
  /** Requests without an answer, of those that were not whole. */
  unanswered: number
  logLines: number
  /** The errors in the log, each kind once. */
  errors: string[]
  findings: Finding[]
}

/**
 * Sends random and mutated requests to the service, and watches for what must not happen.
 * @returns how it went; good where there are no findings
 */
export async function fuzz ({ requests, seed }: FuzzOptions): Promise<FuzzResult> {
  const result: FuzzResult = { requests, seed, statuses: {}, queueFull: 0, unanswered: 0, logLines: 0, errors: [], findings: [] }
  const report = (kind: Finding['kind'], detail: string, index: number | null = null, request: string | null = null) => {
    result.findings.push({
      kind,
      detail,
      index,
      request
    })
  }
  const onUncaught = (error: unknown) => report('uncaught', error instanceof Error ? `${error.stack}` : String(error))
  process.on('uncaughtException', onUncaught).on('unhandledRejection', onUncaught)

  const service = await startService(
    { BODY_LIMIT: '16384', TRUST_PROXY: createRandom(seed).pick(['on', 'off']) },
    (detail) => report('open route', detail)
  )
  const { accounts, port } = service
  const known = [...accounts.byId.values(), accounts.staff]
  const secrets = createSecrets(known.flatMap(({ password }) => password ?? []), known.flatMap(({ token }) => token ?? []))
  const material: Material = {
    accounts,
    cases: JSON.parse(readFileSync(CASES, 'utf8')).map(({ request }: { request: ConformanceRequest }) => request)
  }

  async function sendOne (index: number): Promise<void> {
    const random = randomOf(seed, index)
    const request = mutate(random, makeRequest(random, material), accounts)
    const outcome = await exchange(port, request, random.chance(0.1) ? random.int(request.bytes.length) : 0)
    count(result, outcome)
    for (const { kind, detail } of judge(request, outcome, secrets)) report(kind, detail, index, request.bytes.toString('latin1'))
  }

  try {
    for (let start = 0; start < requests; start += BATCH) {
      let next = start
      const end = Math.min(requests, start + BATCH)
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (next < end) await sendOne(next++)
      }))
      for (const token of service.tokens()) secrets.addToken(token)
      const lines = service.takeLog()
      result.logLines += lines.length
      result.errors = [...new Set([...result.errors, ...lines.flatMap(readError)])]
      for (const detail of findLeaks(lines, secrets)) report('secret in the log', detail)
      service.restore()
    }
  } finally {
    await service.stop()
    process.off('uncaughtException', onUncaught).off('unhandledRejection', onUncaught)
  }
  return result
}

function count (result: FuzzResult, { answer }: Outcome): void {
  if (answer === null) {
    result.unanswered++
    return
  }
  result.statuses[answer.status] = (result.statuses[answer.status] ?? 0) + 1
  if (isQueueFull(answer)) result.queueFull++
}

/** The error of a line of the log, if it is about one. */
function readError (line: string): string[] {
  const { err } = JSON.parse(line) as { err?: { type: string, code?: string, message: string, stack: string } }
  return err === undefined ? [] : [`${err.type} ${err.code ?? ''} ${err.message.slice(0, 200)} ${err.stack.split('\n', 1)[0]?.trim()}`]
}

const findLeaks = (lines: string[], { findTokens, findPasswords }: Secrets): string[] =>
  lines.filter((line) => findTokens(line).length > 0 || findPasswords(line).length > 0)
