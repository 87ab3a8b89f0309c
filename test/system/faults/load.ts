import type { Answer } from './client.js'
import type { Ledger } from './ledger.js'
import type { Node } from './node.js'
import type { Population } from './population.js'

const CHECK_MS = 25
const UNCACHED_MS = 200
const LOGIN_MS = 1_000
const CREATE_MS = 100
const REVOKE_MS = 100
const USER_MS = 2_000
const HEALTH_MS = 250

/** What is asked all the time. */
export type Load = ReturnType<typeof startLoad>

/** Checks, logins and writes by the clock, whether or not those before were answered. Every answer is judged. */
export function startLoad (nodes: Node[], ledger: Ledger, { admin, logins, spares }: Population) {
  const [first, second] = nodes as [Node, Node]
  const timers: NodeJS.Timeout[] = []
  const open = new Set<Promise<void>>()
  const ready = new Map(nodes.map(({ name }) => [name, [] as Answer[]]))
  let count = 0

  const every = (milliseconds: number, action: () => Promise<void>): void => {
    timers.push(setInterval(() => {
      const doing: Promise<void> = action().finally(() => open.delete(doing))
      open.add(doing)
    }, milliseconds))
  }

  async function check (node: Node): Promise<void> {
    const token = ledger.pick(Math.random() < 0.7)
    if (token !== undefined) ledger.judgeCheck(node.name, token, await node.ask({ path: '/users/me/', token: token.key }))
  }

  async function checkUncached (node: Node): Promise<boolean> {
    const answer = await node.ask({ path: '/users/me/', token: spares.pop() as string })
    return ledger.judge(node.name, 'first check of a token', answer, [200])
  }

  async function login (node: Node): Promise<boolean> {
    const { username, password, key } = logins[count++ % logins.length] as Population['logins'][number]
    const answer = await node.ask({ method: 'POST', path: '/api-token-auth/', body: { username, password } })
    const good = ledger.judge(node.name, 'login', answer, [200])
    if (good && answer.body.token !== key) throw new Error(`The login of ${username} was answered with another token`)
    return good
  }

  async function create (node: Node): Promise<boolean> {
    const username = `user${count++ % 60}`
    const answer = await node.ask({ method: 'POST', path: `/users/${username}/tokens/`, token: admin, body: { scope: 'orders:read' } })
    const good = ledger.judge(node.name, 'creation of a token', answer, [201])
    if (good) ledger.add({ kind: 'access', id: String(answer.body.id), key: String(answer.body.token), username })
    return good
  }

  async function revoke (node: Node): Promise<void> {
    const token = ledger.pickToEnd()
    if (token === undefined) return
    token.ending = performance.now()
    const answer = await node.ask({ method: 'DELETE', path: `/users/${token.username}/tokens/${token.id}/`, token: admin })
    if (ledger.judge(node.name, 'revocation', answer, [204])) token.ended = answer.answered
  }

  async function createUser (node: Node): Promise<void> {
    const username = `new${count++}`
    const answer = await node.ask({ method: 'POST', path: '/users/', token: admin, body: { username, password: 'correct horse battery' } })
    if (ledger.judge(node.name, 'creation of a user', answer, [201])) ledger.users.add(username)
  }

  async function health (node: Node): Promise<void> {
    const [alive, answer] = await Promise.all([node.ask({ path: '/healthz' }), node.ask({ path: '/readyz' })])
    ledger.judge(node.name, '/healthz', { ...alive, status: alive.status === 503 ? 500 : alive.status }, [200])
    ledger.judge(node.name, '/readyz', answer, [200])
    ready.get(node.name)?.push(answer)
  }

  for (const node of nodes) {
    every(CHECK_MS, () => check(node))
    every(UNCACHED_MS, async () => { await checkUncached(node) })
    every(LOGIN_MS, async () => { await login(node) })
    every(CREATE_MS, async () => { await create(node) })
    every(HEALTH_MS, () => health(node))
  }
  every(REVOKE_MS, () => revoke(first))
  every(USER_MS, () => createUser(second))

  return {
    /** What shows that a node works again, by what it is called. Each resolves to whether it went well. */
    proofs: { check: checkUncached, login, write: create },
    /** What `/readyz` of a node was answered since a time. */
    ready: (node: Node, since: number): Answer[] => ready.get(node.name)?.filter(({ sent }) => sent >= since) ?? [],
    /** Asks no more, and waits for every answer. */
    async stop (): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(open)
    }
  }
}
