import { MAX_BATCH, MAX_BATCH_BYTES } from '../api/introspection.js'
import type { RemoteSettings } from './remote-options.js'
import { unavailable } from './service-failure.js'

interface Question<Answer> {
  token: string
  /** Bytes of its JSON. */
  size: number
  /** By `performance.now()`. */
  deadline: number
  resolve (answer: Answer): void
  reject (error: Error): void
}

// Half of what the service takes.
const MOST_BYTES = MAX_BATCH_BYTES / 2

/**
 * Gathers questions: those of the same turn of the event loop go out together; while as many batches are under way as
 * may be, further ones wait, and go out together with the next.
 */
export function createBatches<Answer> (
  send: (tokens: string[]) => Promise<Answer[]>, { connections, timeoutMs }: Pick<RemoteSettings, 'connections' | 'timeoutMs'>
) {
  const waiting: Array<Question<Answer>> = []
  let underWay = 0
  let isDue = false
  let batches = 0
  let tokens = 0

  return {
    /** What is known of a token, as soon as its batch is answered. @throws what `send` throws, or 503 where its turn does not come */
    ask: (token: string): Promise<Answer> => new Promise((resolve, reject) => {
      waiting.push({ token, size: Buffer.byteLength(JSON.stringify(token)) + 1, deadline: performance.now() + timeoutMs, resolve, reject })
      if (isDue) return
      isDue = true
      setImmediate(flush)
    }),

    get statistics () { return { batches, tokens } }
  }

  function flush (): void {
    isDue = false
    while (underWay < connections && waiting.length > 0) run(takeBatch())
  }

  /** Those who waited longest, as many as go out at once. One at least. */
  function takeBatch (): Array<Question<Answer>> {
    let count = 0
    for (let bytes = 0; count < waiting.length && count < MAX_BATCH; count++) {
      bytes += (waiting[count] as Question<Answer>).size
      if (bytes > MOST_BYTES) break
    }
    return waiting.splice(0, count)
  }

  function run (taken: Array<Question<Answer>>): void {
    const now = performance.now()
    const batch = taken.filter((question) => question.deadline > now)
    if (batch.length < taken.length) {
      const late = unavailable(`the service did not take a question within ${timeoutMs} ms`)
      for (const question of taken) if (question.deadline <= now) question.reject(late)
    }
    if (batch.length === 0) return
    underWay++
    batches++
    tokens += batch.length
    send(batch.map(({ token }) => token)).then(
      (answers) => batch.forEach(({ resolve }, i) => resolve(answers[i] as Answer)),
      (error) => batch.forEach(({ reject }) => reject(error))
    ).finally(() => {
      underWay--
      flush()
    })
  }
}
