import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exchange } from './socket-exchange.js'

/** What the watchers are told: which tokens there are; which one ends next; to stop. */
export type WatchCommand =
  | { do: 'start', ports: number[], keys: string[], window: number }
  | { do: 'watch', index: number }
  | { do: 'stop' }

/** What they say: every node knows the token; every node has refused it; what went wrong. */
export type WatchEvent =
  | { event: 'known' }
  | { event: 'refused', nodes: Seen[][] }
  | { event: 'stopped', checks: number, other: Record<string, number>, afterRefusal: number, outOfOrder: number }

/** An answer about the token that is watched. Times are of the clock that all processes of a machine share, in milliseconds. */
export interface Seen { good: boolean, sent: number, answered: number }

/** How many tokens that have ended are checked still. */
const ENDED = 20
/** How often a node is asked again after its refusal. */
const AGAIN = 3

const now = () => Number(process.hrtime.bigint()) / 1e6
const say = (event: WatchEvent) => { process.send?.(event) }

/** Checks tokens on every node in a tight loop: one connection goes round all of them, another stays with the one that ends next. */
function watch ({ ports, keys, window }: Extract<WatchCommand, { do: 'start' }>) {
  const requests = keys.map((key) => `GET /users/me/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token ${key}\r\n\r\n`)
  const refusals = ports.map(() => new Map<number, number>())
  const counts = { checks: 0, other: {} as Record<string, number>, afterRefusal: 0, outOfOrder: 0 }
  let index = -1
  let seen: Seen[][] = []
  let stage: 'idle' | 'known' | 'refused' = 'idle'
  const ending = new AbortController()

  async function check (socket: Socket, node: number, which: number): Promise<void> {
    const sent = now()
    const status = await exchange(socket, requests[which] as string)
    const answered = now()
    counts.checks++
    if (status !== 200 && status !== 401) {
      counts.other[status] = (counts.other[status] ?? 0) + 1
      return
    }
    const refused = refusals[node]?.get(which)
    if (status === 401 && refused === undefined) refusals[node]?.set(which, answered)
    if (status === 200 && refused !== undefined) {
      counts.outOfOrder++
      if (sent > refused) counts.afterRefusal++
    }
    if (which !== index) return
    seen[node]?.push({ good: status === 200, sent, answered })
    report()
  }

  function report (): void {
    if (stage === 'idle' && seen.every((answers) => answers.some(({ good }) => good))) {
      stage = 'known'
      say({ event: 'known' })
    } else if (stage === 'known' && seen.every((answers) => answers.filter(({ good }) => !good).length > AGAIN)) {
      stage = 'refused'
      say({ event: 'refused', nodes: seen })
    }
  }

  async function run (node: number, action: (socket: Socket) => Promise<void>): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: ports[node] as number, noDelay: true })
    await once(socket, 'connect')
    while (!ending.signal.aborted) await action(socket)
    socket.destroy()
  }

  const running = Promise.all(ports.flatMap((_, node) => {
    let next = 0
    return [
      run(node, async (socket) => {
        const first = Math.max(0, index - ENDED)
        const last = Math.min(keys.length, Math.max(index, 0) + window)
        await check(socket, node, next = next >= first && next + 1 < last ? next + 1 : first)
      }),
      run(node, async (socket) => {
        if (index < 0 || stage === 'refused') await sleep(1)
        else await check(socket, node, index)
      })
    ]
  }))

  return {
    watch (which: number): void {
      index = which
      seen = ports.map(() => [])
      stage = 'idle'
    },
    async stop (): Promise<void> {
      ending.abort()
      await running
      say({ event: 'stopped', ...counts })
    }
  }
}

process.once('disconnect', () => process.exit())

let watchers: ReturnType<typeof watch> | undefined
process.on('message', (command: WatchCommand) => {
  if (command.do === 'start') watchers = watch(command)
  if (command.do === 'watch') watchers?.watch(command.index)
  if (command.do === 'stop') watchers?.stop().catch((error) => { throw error })
})
