import { Agent, get } from 'node:http'

/** An answer about a token. Times are in milliseconds, on the clock that never goes back. */
export interface Answer { status: number, sent: number, answered: number }

const agent = new Agent({ keepAlive: true, maxSockets: 32 })

/** Asks an application as the owner of a token. */
export function ask (port: number, key: string): Promise<Answer> {
  const sent = performance.now()
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, headers: { authorization: `Token ${key}` } }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, sent, answered: performance.now() }))
    }).on('error', reject)
  })
}

/** Ends the connections to applications. */
export const hangUp = (): void => agent.destroy()

/** Asks about a token every so many milliseconds, until it is told to end. */
export function keepAsking (port: number, key: string, everyMs: number) {
  const answers: Answer[] = []
  const ending = new AbortController()
  const running = (async () => {
    while (!ending.signal.aborted) {
      answers.push(await ask(port, key))
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  })()
  return {
    answers,
    async end (): Promise<Answer[]> {
      ending.abort()
      await running
      return answers
    }
  }
}
