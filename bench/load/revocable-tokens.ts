import { Agent } from 'node:http'
import SQLite from 'better-sqlite3'
import pg from 'pg'
import { openAuthtoken } from '../../src/open-authtoken.js'
import { createTokenFormat, digestOf, generateDrfKey, generateId } from '../../src/tokens/format.js'
import { send } from './http-client.js'

/** A token that is to be revoked, and how. */
export interface Victim {
  /** Who revokes it. */
  by: 'HTTP' | 'SQL' | 'Django'
  userId: number
  username: string
  id: string
  key: string
  /** Revokes it. Resolves when that is acknowledged. */
  revoke (): Promise<unknown>
}

/** A connection that is nobody's node. */
export interface Connection {
  run (sql: string): unknown
  close (): unknown
}

/** Opens one of the database's own kind. */
export async function connectTo (url: string): Promise<Connection> {
  if (url.startsWith('file:')) {
    const client = new SQLite(url.slice('file:'.length), { timeout: 5_000 })
    return { run: (sql) => client.exec(sql), close: () => client.close() }
  }
  const client = new pg.Client(url)
  await client.connect()
  return { run: (sql) => client.query(sql), close: () => client.end() }
}

const CHUNK = 500
const JOINED = '2026-01-01 00:00:00.000000'

/**
 * Makes users with a token each, in turn of each way to revoke one.
 * @param port of the node that revokes over HTTP
 */
export async function createVictims (url: string, count: number, port: () => number, connection: Connection): Promise<Victim[]> {
  const { database: { db, tables, users: { table }, run }, close } = await openAuthtoken({ database: url, migrate: true })
  const agent = new Agent({ keepAlive: true })
  const format = createTokenFormat()
  const off = url.startsWith('file:') ? '0' : 'false'

  const logOut = async (key: string) => {
    const { status } = await send(agent, port(), { method: 'DELETE', path: '/tokens/current/', headers: { authorization: `Token ${key}` } })
    if (status !== 204) throw new Error(`DELETE /tokens/current/ was answered ${status}`)
  }
  const sql = async (text: string) => await connection.run(text)
  type Way = { by: Victim['by'], kind: 'access' | 'drf', revoke (victim: Omit<Victim, 'revoke'>): Promise<unknown> }
  const ways: Way[] = [
    { by: 'HTTP', kind: 'access', revoke: ({ key }) => logOut(key) },
    { by: 'SQL', kind: 'access', revoke: ({ id }) => sql(`DELETE FROM authtoken_accesstoken WHERE id='${id}'`) },
    { by: 'Django', kind: 'drf', revoke: ({ key }) => sql(`DELETE FROM "authtoken_token" WHERE "authtoken_token"."key" IN ('${key}')`) },
    { by: 'HTTP', kind: 'drf', revoke: ({ key }) => logOut(key) },
    { by: 'SQL', kind: 'drf', revoke: ({ key }) => sql(`DELETE FROM authtoken_token WHERE key='${key}'`) },
    {
      by: 'Django',
      kind: 'drf',
      revoke: ({ userId, username }) => sql(`UPDATE "auth_user" SET "password" = '!', "last_login" = NULL, "is_superuser" = ${off}, ` +
        `"username" = '${username}', "first_name" = '', "last_name" = '', "email" = '', "is_staff" = ${off}, "is_active" = ${off}, ` +
        `"date_joined" = '${JOINED}' WHERE "auth_user"."id" = ${userId}`)
    },
    { by: 'HTTP', kind: 'access', revoke: ({ key }) => logOut(key) },
    { by: 'SQL', kind: 'drf', revoke: ({ userId }) => sql(`UPDATE auth_user SET is_active=${off} WHERE id=${userId}`) },
    {
      by: 'Django',
      kind: 'drf',
      revoke: ({ key }) => sql(`BEGIN; DELETE FROM "authtoken_token" WHERE "authtoken_token"."key" IN ('${key}'); COMMIT`)
    }
  ]

  try {
    const victims: Victim[] = []
    for (let begin = 0; begin < count; begin += CHUNK) {
      const names = Array.from({ length: Math.min(CHUNK, count - begin) }, (_, i) => `victim${begin + i}`)
      const users = await run(() => db.insert(table).values(names.map((username) => ({
        username, password: '!', email: '', firstName: '', lastName: '', isStaff: false, isSuperuser: false, isActive: true, dateJoined: new Date(), lastLogin: null
      }))).returning({ userId: table.id, username: table.username }))
      const made = users.map(({ userId, username }, i) => {
        const way = ways[(begin + i) % ways.length] as Way
        const victim = { by: way.by, userId, username, id: generateId(), key: way.kind === 'access' ? format.generate() : generateDrfKey() }
        return { ...victim, kind: way.kind, revoke: () => way.revoke(victim) }
      })
      const created = new Date()
      const drf = made.filter(({ kind }) => kind === 'drf')
      const access = made.filter(({ kind }) => kind === 'access')
      await run(() => db.insert(tables.authtokenToken).values(drf.map(({ key, userId }) => ({ key, userId, created }))))
      await run(() => db.insert(tables.authtokenAccesstoken).values(access.map(({ id, key, userId }) => ({
        id, userId, kind: 'access' as const, name: 'bench', digest: digestOf(key), hint: null, scope: '', created, expires: null, lifetime: null, latest: null, lastUsed: null, disabled: false, replacedBy: null
      }))))
      victims.push(...made)
    }
    return victims
  } finally {
    await close()
  }
}
