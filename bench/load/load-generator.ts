/** So many connections, each sends as soon as it is answered. */
export const CONNECTIONS = 64

/** A request that is not answered by then has failed: slow servers are not refused for it. */
export const TIMEOUT_S = 30

/** What came of a load. */
export interface Outcome {
  /** Answers a second. */
  rate: number
  /** Answers in all. */
  answers: number
  /** How many of them were not 2xx. */
  refusals: number
  /** Requests that were never answered. */
  failures: number
}

/** Sends `GET /` as fast as it is answered, in a process of its own. */
export interface LoadGenerator {
  /** What it is, and its version. */
  name: string
  /** Whether it can send several headers in turn. */
  takesTurns: boolean
  /** @param authorization the headers that are sent: one, or several in turn; none: without */
  run (port: number, authorization: string[], seconds: number): Promise<Outcome>
}
