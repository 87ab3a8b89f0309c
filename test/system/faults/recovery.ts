import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultyDatabase } from './database.js'
import type { Ledger } from './ledger.js'
import type { Load } from './load.js'
import type { Node } from './node.js'

const ATTEMPT_MS = 100
const LOOK_MS = 50
const PATIENCE_MS = 15_000

/** How long after the end of a fault each thing worked again, in milliseconds; Infinity: it did not. */
export type Recovery = Record<'check' | 'login' | 'write' | 'listener', number>

/** Tries all of it on a node until it works. @param since the end of the fault */
export async function recover (node: Node, database: FaultyDatabase, load: Load, since: number): Promise<Recovery> {
  const proof = async (name: 'check' | 'login' | 'write') => await firstSuccess(since, ATTEMPT_MS, () => load.proofs[name](node))
  const [check, login, write, listener] = await Promise.all([
    proof('check'),
    proof('login'),
    proof('write'),
    firstSuccess(since, LOOK_MS, () => listens(node, database))
  ])
  return { check, login, write, listener }
}

/** Attempts by the clock: one that hangs keeps none of the others. */
async function firstSuccess (since: number, interval: number, attempt: () => Promise<boolean>): Promise<number> {
  let success = Infinity
  const open = []
  while (success === Infinity && performance.now() < since + PATIENCE_MS) {
    open.push(attempt().then((good) => { if (good) success = Math.min(success, performance.now() - since) }, () => {}))
    await sleep(interval)
  }
  return success
}

/** The ports from which a node's connections come decide whose they are: their names are the same. */
async function listens (node: Node, database: FaultyDatabase): Promise<boolean> {
  const rows = await database.query(
    "select 1 from pg_stat_activity where application_name = 'fastify-authtoken listener' and state = 'idle' and client_port = " +
      'any($1::int[])',
    [node.proxy.ports()]
  )
  return rows.length > 0
}

/** How many connections of a node the database has. */
export async function connectionsOf (node: Node, database: FaultyDatabase): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from pg_stat_activity where client_port = any($1::int[])',
    [node.proxy.ports()]
  )
  return row?.count ?? 0
}

/**
 * Ends a token by a statement that no node sees.
 * @returns for each node how long after it a request was sent that was still answered 200, in milliseconds
 */
export async function revokeBySql (nodes: Node[], database: FaultyDatabase, ledger: Ledger): Promise<number[]> {
  const token = ledger.pickToEnd()
  if (token === undefined) throw new Error('There is no token left to revoke')
  token.reserved = true
  const check = async (node: Node) => {
    const answer = await node.ask({ path: '/users/me/', token: token.key })
    ledger.judgeCheck(node.name, token, answer)
    return answer
  }
  for (let i = 0; i < 2; i++) for (const node of nodes) await check(node)
  token.ending = performance.now()
  if (token.kind === 'access') await database.query('delete from authtoken_accesstoken where id = $1', [token.id])
  else await database.query('delete from authtoken_token where key = $1', [token.key])
  const ended = token.ended = performance.now()
  return await Promise.all(nodes.map(async (node) => {
    for (let last = 0; ; await sleep(5)) {
      const { status, sent } = await check(node)
      if (status === 401) return last
      last = sent - ended
      if (last > PATIENCE_MS) return Infinity
    }
  }))
}
