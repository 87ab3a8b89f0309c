import type { Answer } from './client.js'

/** What a request was for. */
export type Operation = 'verify' | 'exchange' | 'create' | 'revoke' | 'user'

/** A token that a 2xx promised. */
export interface KnownToken {
  key: string
  id: string
  /** The key of its owner's DRF token. */
  owner: string
  /** When the first request to revoke it was sent. */
  revoking?: number
  /** When a node said that it is revoked, and which. */
  revoked?: { node: number, at: number }
  /** When each node first refused it. */
  refused: Array<number | undefined>
  /** Kept for a measurement: nobody uses it before. */
  reserved: boolean
}

/** How long a node may take a token for good that another one has revoked: while there is a primary, and around the loss of one. */
export const LAG_MS = { quiet: 500, disturbed: 2_000 }

/** Until when after the promotion of a new primary 503 is right. */
export const RECOVERY_MS = 5_000

/** What may be wrong, as the sentence that is checked. */
export const CHECKS = {
  refused: 'no valid token is refused',
  revived: 'no token is taken after the node itself revoked it',
  lagging: `no token is taken ${LAG_MS.quiet} ms after another node revoked it, ${LAG_MS.disturbed} ms while there is no primary`,
  wavering: 'no node takes a token again that it refused',
  lost: 'no connection is cut',
  late: 'no request hangs',
  status: 'every answer is the right one, or 503',
  retryAfter: 'each 503 says when to come back',
  unavailable: `503 comes only while there is no primary, and ${RECOVERY_MS / 1000} s after`
} as const

type Kind = keyof typeof CHECKS

/** All that was promised, and what was answered against it. */
export type Ledger = ReturnType<typeof createLedger>

/** An empty ledger. */
export function createLedger () {
  const findings = new Map<Kind, string[]>()
  const disturbances: Array<{ from: number, until: number }> = []
  const tokens: KnownToken[] = []
  const users: string[] = []
  let longestLag = 0

  const find = (kind: Kind, text: string) => findings.set(kind, [...(findings.get(kind) ?? []), text])
  const isDisturbed = ({ sent, answered }: Answer) => disturbances.some(({ from, until }) => sent <= until && answered >= from)

  /**
   * Whether an answer is what it should be, whatever the token.
   * @param expected the good status codes
   */
  function judge (operation: Operation, node: number, answer: Answer, expected: number[]): boolean {
    const { status } = answer
    const text = `${operation} on node ${node + 1}: ${status} after ${Math.round(answer.answered - answer.sent)} ms ` +
      `${JSON.stringify(answer.body)}`
    if (status === 'lost' || status === 'late') find(status, text)
    else if (status === 503) {
      if (answer.retryAfter === undefined) find('retryAfter', text)
      if (!isDisturbed(answer)) find('unavailable', text)
    } else if (status === 401 && !expected.includes(401)) find('refused', text)
    else if (!expected.includes(status)) find('status', text)
    return typeof status === 'number' && expected.includes(status)
  }

  /** Judges whether a token was rightly taken or refused. */
  function judgeToken (token: KnownToken, node: number, answer: Answer): void {
    const { sent, answered, status } = answer
    const mayBeRevoked = token.revoking !== undefined && token.revoking < answered
    judge('verify', node, answer, mayBeRevoked ? [200, 401] : [200])
    const text = `${token.id} on node ${node + 1}`
    if (status === 401) token.refused[node] = Math.min(token.refused[node] ?? Infinity, answered)
    if (status !== 200) return
    if (token.refused[node] !== undefined && token.refused[node] < sent) find('wavering', text)
    if (token.revoked === undefined || token.revoked.at > sent) return
    const lag = sent - token.revoked.at
    if (token.revoked.node === node) {
      find('revived', `${text}, ${lag} ms later`)
      return
    }
    longestLag = Math.max(longestLag, lag)
    if (lag > LAG_MS[isDisturbed(answer) ? 'disturbed' : 'quiet']) find('lagging', `${text}, ${lag} ms later`)
  }

  return {
    tokens,
    users,
    judge,
    judgeToken,

    /** From now on there may be no primary. */
    disturb (): void { disturbances.push({ from: performance.now(), until: Infinity }) },

    /** There is one again. @param promoted since when */
    settle (promoted: number): void { (disturbances.at(-1) as { until: number }).until = promoted + RECOVERY_MS },

    /** For how long another node took a revoked token at most. */
    get longestLag () { return longestLag },

    /** What was found since the last call. */
    take (): Array<[sentence: string, found: string[]]> {
      const taken = Object.entries(CHECKS).map(([kind, sentence]): [string, string[]] => [sentence, findings.get(kind as Kind) ?? []])
      findings.clear()
      return taken
    }
  }
}
