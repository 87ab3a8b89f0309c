import type { RawRequest } from './draft.js'
import type { Outcome } from './exchange.js'
import type { Secrets } from './secrets.js'

/** Something that must not happen. */
export interface Finding {
  kind: 'server error' | 'no answer' | 'malformed answer' | 'password in an answer' | 'token in an answer' | 'user without a token' | 'open route' | 'secret in the log' | 'uncaught'
  detail: string
  /** The number of the request within the run; null where it is not known. */
  index: number | null
  /** The request, latin-1. */
  request: string | null
}

// The exchange's whole answer, or the end of the one that shows a new token.
const ISSUED = /^\{(?:"id":.*,)?"token":"([0-9a-f]{40}|fat_[0-9A-Za-z]{36})"\}$/s
const USER = /"date_joined":(?:"|null)/

/**
 * Looks at what came back for a request.
 * @returns what is wrong with it
 */
export function judge ({ bytes, whole }: RawRequest, { answer, end }: Outcome, secrets: Secrets): Array<Pick<Finding, 'kind' | 'detail'>> {
  if (answer === null) return whole ? [{ kind: 'no answer', detail: end }] : []
  const request = bytes.toString('latin1')
  const { status, body } = answer
  const found: Array<Pick<Finding, 'kind' | 'detail'>> = []
  if (status === 0) found.push({ kind: 'malformed answer', detail: answer.head.slice(0, 200) })
  if (status >= 500 && !isQueueFull(answer)) found.push({ kind: 'server error', detail: `${status} ${body.slice(0, 300)}` })

  const issued = ISSUED.exec(body)?.[1]
  if (issued !== undefined) secrets.addToken(issued)
  else if (secrets.findTokens(body).some((token) => !request.includes(token))) {
    found.push({
      kind: 'token in an answer',
      detail: `${status} ${body.slice(0, 300)}`
    })
  }

  // A link to the next page repeats the query that was sent, whatever it holds.
  const [head = ''] = request.split('\r\n\r\n', 1)
  const passwords = secrets.findPasswords(answer.head + body).filter((password) => !head.includes(password))
  if (passwords.length > 0) found.push({ kind: 'password in an answer', detail: `${status} ${passwords.join(' ')}` })
  if (USER.test(body) && secrets.findTokens(request).length === 0) {
    found.push({
      kind: 'user without a token',
      detail: `${status} ${body.slice(0, 300)}`
    })
  }
  return found
}

/** Whether an answer says that too many logins wait, which is right. */
export const isQueueFull = ({ status, head, body }: { status: number, head: string, body: string }): boolean =>
  status === 503 && /\r\nretry-after: [1-9]\d*\r\n/i.test(head) && body.includes('Too many logins are waiting')
