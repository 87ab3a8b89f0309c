import type { Answer, Content } from './client.js'
import type { KnownToken, Ledger, Operation } from './ledger.js'
import type { Account, Node } from './service.js'
import type { Tally } from './tally.js'

/** Requests a second on each node. */
const RATES: Record<Operation, number> = { verify: 30, exchange: 2, create: 4, revoke: 2, user: 0.5 }
/** Requests under way on each node at most; past that the next ones are left out. */
const MOST = 400
const RECENT = 40

/** What the requests are made with. */
export interface World {
  nodes: Node[]
  accounts: Account[]
  admin: Account
  ledger: Ledger
  tally: Tally
}

/** The steady load on all nodes. */
export type Traffic = ReturnType<typeof createTraffic>

/** Requests of every kind, in the hands of who wants to send them. */
export function createTraffic ({ nodes, accounts, admin, ledger, tally }: World) {
  const underway = nodes.map(() => new Set<Promise<void>>())
  const unsure = new Set<KnownToken>()
  let timers: NodeJS.Timeout[] = []
  let serial = 0

  async function send (operation: Operation, node: number, method: string, path: string, content: Content): Promise<Answer> {
    const { phase } = tally
    const answer = await (nodes[node] as Node).request(method, path, content)
    tally.count(phase, operation, answer.status)
    return answer
  }

  async function verify (node: number, token: KnownToken): Promise<Answer> {
    const answer = await send('verify', node, 'GET', '/users/me/', { token: token.key })
    ledger.judgeToken(token, node, answer)
    return answer
  }

  async function exchange (node: number): Promise<Answer> {
    const { username, password, token } = pick(accounts)
    const answer = await send('exchange', node, 'POST', '/api-token-auth/', { body: { username, password } })
    ledger.judge('exchange', node, answer, answer.body.token === token ? [200] : [])
    return answer
  }

  async function create (node: number, reserved = false): Promise<KnownToken | null> {
    const owner = pick(accounts).token
    const answer = await send('create', node, 'POST', '/tokens/', { token: owner, body: { name: `load-${++serial}` } })
    if (!ledger.judge('create', node, answer, [201])) return null
    const token: KnownToken = { key: String(answer.body.token), id: String(answer.body.id), owner, refused: [], reserved }
    ledger.tokens.push(token)
    return token
  }

  /** A revocation that was answered with 503 may have been done, or not, until it is sent again. */
  async function revoke (node: number, token: KnownToken): Promise<void> {
    const again = unsure.delete(token)
    token.revoking ??= performance.now()
    const answer = await send('revoke', node, 'DELETE', `/tokens/${token.id}/`, { token: token.owner })
    if (!ledger.judge('revoke', node, answer, again ? [204, 404] : [204])) {
      unsure.add(token)
      return
    }
    token.revoked = { node, at: answer.answered }
    await Promise.all(nodes.map((_, other) => verify(other, token)))
  }

  async function createUser (node: number): Promise<void> {
    const username = `load-${++serial}`
    const answer = await send('user', node, 'POST', '/users/', {
      token: admin.token,
      body: { username, password: `${username} correct horse` }
    })
    if (ledger.judge('user', node, answer, [201])) ledger.users.push(username)
  }

  const actions: Record<Operation, (node: number) => Promise<unknown>> = {
    verify: async (node) => {
      const known = Math.random() < 0.3 ? ledger.tokens : ledger.tokens.slice(-RECENT)
      const token = pick(known)
      if (token !== undefined && !token.reserved) await verify(node, token)
    },
    exchange,
    create,
    revoke: async (node) => {
      const [retry] = unsure
      const token = retry ?? pick(ledger.tokens.filter((token) => token.revoking === undefined && !token.reserved))
      if (token !== undefined) await revoke(node, token)
    },
    user: createUser
  }

  function act (operation: Operation, node: number): void {
    const own = underway[node] as Set<Promise<void>>
    if (own.size >= MOST) return
    const action: Promise<void> = actions[operation](node).then(() => { own.delete(action) })
    own.add(action)
  }

  return {
    verify,
    exchange,
    create,

    /** Begins, or goes on. */
    resume (): void {
      timers = nodes.flatMap((_, node) => Object.entries(RATES).map(([operation, rate]) =>
        setInterval(() => act(operation as Operation, node), 1000 / rate)))
    },

    /** Sends nothing more, and waits for all answers. */
    async pause (): Promise<void> {
      timers.forEach(clearInterval)
      timers = []
      await Promise.all(underway.flatMap((own) => [...own]))
    },

    /** Sends those revocations again that nobody knows the end of. */
    async resolve (): Promise<void> {
      await Promise.all([...unsure].map((token) => revoke(0, token)))
    },

    /** How many revocations nobody knows the end of. */
    get unsure () { return unsure.size }
  }
}

const pick = <Item>(items: Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item
