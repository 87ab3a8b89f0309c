/** Why a call failed: nobody answered, in time; the answer was an error; it was no answer of a service. */
export type ClientErrorCode = 'AUTHTOKEN_UNREACHABLE' | 'AUTHTOKEN_TIMEOUT' | 'AUTHTOKEN_REFUSED' | 'AUTHTOKEN_BAD_ANSWER'

/** What is known of a failure. */
export type Failure = { -readonly [Name in 'status' | 'detail' | 'fields' | 'retryAfter']?: ClientError[Name] }

/** A call of the service that failed. Its message holds method, path and status, and nothing that was sent or answered. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** The status of the answer; undefined: there was none. */
  readonly status: number | undefined
  /** What the service says of it. */
  readonly detail: string | undefined
  /** Of a 400: the messages of each field. */
  readonly fields: Record<string, string[]> | undefined
  /** When to come back, in seconds, where the service says so. */
  readonly retryAfter: number | undefined

  constructor (code: ClientErrorCode, message: string, failure: Failure = {}) {
    super(message)
    this.code = code
    Object.assign(this, failure)
  }
}
