import { digestOf } from '../../../src/tokens/format.js'
import type { createReport } from '../../support/check-report.js'
import type { FaultyDatabase } from './database.js'
import type { Ledger } from './ledger.js'
import type { Node } from './node.js'

/** Every write that was acknowledged is there, in the database and on every node. */
export async function checkWrites (report: ReturnType<typeof createReport>, database: FaultyDatabase, nodes: Node[], ledger: Ledger): Promise<void> {
  // Before the database is asked: writes go on.
  const tokens = [...ledger.tokens.values()]
  const users = [...ledger.users]
  const valid = tokens.filter(({ ending }) => ending === undefined)
  const ended = tokens.filter(({ ended }) => ended !== undefined)
  const stored = new Set((await database.query<{ digest: string }>('select digest from authtoken_accesstoken union all select ' +
    "encode(sha256(convert_to(key, 'UTF8')), 'hex') from authtoken_token")).map(({ digest }) => digest))
  const names = new Set((await database.query<{ username: string }>('select username from auth_user')).map(({ username }) => username))
  // What was ended meanwhile may be either way.
  report.equal(
    `${valid.length} tokens that were made and not ended are there`,
    valid.filter(({ key, ending }) => ending === undefined && !stored.has(digestOf(key))).map(({ id }) => id),
    []
  )
  report.equal(
    `${ended.length} tokens that were ended are gone`,
    ended.filter(({ key }) => stored.has(digestOf(key))).map(({ id }) => id),
    []
  )
  report.equal(`${users.length} users that were made are there`, users.filter((name) => !names.has(name)), [])
  const wrong = []
  for (const node of nodes) {
    for (const token of [...valid, ...ended]) {
      const { status } = await node.ask({ path: '/users/me/', token: token.key })
      if (status !== (token.ending === undefined ? 200 : 401) &&
        !(status === 200 && token.ended === undefined)) wrong.push(`${status} for ${token.id} at ${node.name}`)
    }
  }
  report.equal('every node says so too', wrong, [])
}
