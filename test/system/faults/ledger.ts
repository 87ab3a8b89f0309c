import type { Answer } from './client.js'

/** A token whose fate is known. */
export interface Tracked {
  kind: 'access' | 'drf'
  id: string
  key: string
  username: string
  /** Is to be ended in another way than over HTTP. */
  reserved?: true
  /** When somebody began to end it. */
  ending?: number
  /** When that was acknowledged. */
  ended?: number
  /** When each node refused it first. */
  refused: Map<string, number>
}

/** What is the matter with the database, for which nodes. */
export interface Fault {
  title: string
  /** Nodes that may answer 503 meanwhile. */
  away: string[]
  /** Nodes that are not told of it: they may give an answer from before a revocation for longer. */
  silent: string[]
  from: number
  /** When it was over. */
  to: number
}

/** For how long after a revocation a node may still let a token through, in milliseconds. */
const BOUND_MS = 250
const SILENT_BOUND_MS = 2_000
/** Within which all must be well again. It takes 0.1 to 0.7 s on two quiet cores, and up to 2.1 s was seen on busy ones. */
export const RECOVERY_MS = 5_000
const RECENT_MS = 30_000

/** What was answered in a phase. */
export interface Tally {
  title: string
  statuses: Record<string, number>
  wrong: string[]
}

/** Knows each token and user that was acknowledged, and judges every answer by it. */
export type Ledger = ReturnType<typeof createLedger>

const anyOf = <T>(all: T[]): T | undefined => all[Math.floor(Math.random() * all.length)]

/** Begins with nothing. */
export function createLedger () {
  const tokens = new Map<string, Tracked>()
  const users = new Set<string>()
  const tallies: Tally[] = []
  let tally: Tally | undefined
  let fault: Fault | undefined

  function wrong (text: string): void {
    tally?.wrong.push(text)
  }

  /** Between the beginning of a fault and the end of the recovery from it. */
  function isExcused (nodes: 'away' | 'silent', node: string, { sent, answered }: Pick<Answer, 'sent' | 'answered'>): boolean {
    return fault !== undefined && fault[nodes].includes(node) && answered >= fault.from && sent <= fault.to + RECOVERY_MS
  }

  /** What holds of every answer. @returns whether there is one that says more than "later" */
  function judge (node: string, what: string, answer: Answer, expected: number[]): boolean {
    const { status, problem, retryAfter } = answer
    if (tally !== undefined) tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
    if (expected.includes(status)) return true
    const about = `${what} at ${node}${fault === undefined ? '' : `, sent ${Math.round(answer.sent - fault.from)} ms after the fault began${fault.to === Infinity ? '' : ` and ${Math.round(answer.sent - fault.to)} ms after it ended`}, answered within ${Math.round(answer.answered - answer.sent)} ms`}`
    if (status === 503) {
      if (retryAfter === undefined) wrong(`503 without Retry-After: ${about}`)
      if (!isExcused('away', node, answer)) wrong(`503 without a reason: ${about}`)
    } else {
      wrong(`${status} ${problem ?? JSON.stringify(answer.body)}: ${about}`)
    }
    return false
  }

  return {
    tallies,
    tokens,
    users,
    judge,

    /** All that is answered from now on is of this phase. */
    begin (title: string): void {
      tally = { title, statuses: {}, wrong: [] }
      tallies.push(tally)
    },

    /** What is the matter from now on. */
    set fault (next: Fault | undefined) { fault = next },
    get fault () { return fault },

    /** A token that was made. */
    add (token: Omit<Tracked, 'refused'>): Tracked {
      const tracked = { ...token, refused: new Map<string, number>() }
      tokens.set(token.key, tracked)
      return tracked
    },

    /** Any token that is valid, or that ended lately. */
    pick (isValid: boolean): Tracked | undefined {
      const now = performance.now()
      return anyOf([...tokens.values()].filter(({ ending, ended }) => isValid
        ? ending === undefined
        : ended !== undefined && now - ended < RECENT_MS))
    },

    /** Any valid token that is to be ended. */
    pickToEnd: (): Tracked | undefined => anyOf([...tokens.values()].filter(({ ending, reserved }) => ending === undefined && reserved === undefined)),

    /** Judges the answer to a check of a token. */
    judgeCheck (node: string, token: Tracked, answer: Answer): void {
      const { ending, ended, refused } = token
      if (!judge(node, `check of ${token.kind} token ${token.id}`, answer, [200, 401])) return
      if (answer.status === 401) {
        if (ending === undefined || answer.answered < ending) {
          wrong(`401 for a valid ${token.kind} token at ${node}: ` +
            `${JSON.stringify(answer.body)}`)
        }
        if (!refused.has(node)) refused.set(node, answer.answered)
        return
      }
      const first = refused.get(node)
      if (first !== undefined && answer.sent > first) {
        wrong(`200 after a 401 for the same ${token.kind} token at ${node}: ` +
          `${Math.round(answer.sent - first)} ms later`)
      }
      const bound = isExcused('silent', node, answer) ? SILENT_BOUND_MS : BOUND_MS
      if (ended !== undefined && answer.sent > ended + bound) {
        wrong(`200 for a ${token.kind} token ${Math.round(answer.sent - ended)} ` +
          `ms after its end, at ${node}`)
      }
    }
  }
}
