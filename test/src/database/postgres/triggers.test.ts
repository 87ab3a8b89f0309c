import pg from 'pg'
import t, { type Test } from 'tap'
import { users } from '../../../../src/database/postgres/schema.js'
import { authtokenTriggers, TRIGGER_NAMES } from '../../../../src/database/postgres/triggers.js'
import { openDatabase } from '../../../../src/database/open-database.js'
import { createDatabase } from '../../../support/postgres/database.js'

/** A database as the migrations leave it. */
async function migrated (t: Test) {
  const url = await createDatabase(t)
  const database = await openDatabase(url)
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(() => Promise.all([database.close(), client.end()]))
  await database.migrate()
  return { database, client }
}

const withoutComments = (sql: string): string => sql.replaceAll(/--.*/g, '').replaceAll(/\s+/g, ' ')

/** Our triggers and functions as the server says them, without what only a reader sees. */
async function definitions (client: pg.Client): Promise<string[]> {
  const { rows: triggers } = await client.query(`
    select pg_get_triggerdef(oid) || ' ' || tgenabled::text as definition from pg_trigger where tgname like 'authtoken%' order by tgrelid::regclass::text, tgname`)
  const { rows: functions } = await client.query("select pg_get_functiondef(oid) as definition from pg_proc where proname like 'authtoken%' order by proname")
  return [...triggers, ...functions].map(({ definition }) => withoutComments(definition))
}

t.test('migrations leave the triggers that hosts are given', async (t) => {
  const { client, database } = await migrated(t)
  const ofMigrations = await definitions(client)
  t.equal(ofMigrations.length, 3 * TRIGGER_NAMES.length + 4, 'three tables, and four functions')
  for (const table of ['auth_user', 'authtoken_token', 'authtoken_accesstoken']) for (const name of TRIGGER_NAMES) await client.query(`drop trigger ${name} on ${table}`)
  for (const name of ['key', 'digest', 'user', 'all']) await client.query(`drop function authtoken_notify_${name}`)
  t.same(await definitions(client), [])
  t.match((await database.inspect()).advice, [/^has lost triggers of ours/])
  await client.query(authtokenTriggers(users))
  t.same(await definitions(client), ofMigrations)
  t.same((await database.inspect()).advice, [])
})

t.test('each of them is missed', async (t) => {
  const { client, database } = await migrated(t)
  for (const table of ['auth_user', 'authtoken_token', 'authtoken_accesstoken']) {
    for (const name of TRIGGER_NAMES) {
      await client.query(`alter table ${table} disable trigger ${name}`)
      t.match((await database.inspect()).advice, [/^has lost triggers of ours/], `${name} on ${table}`)
      await client.query(`alter table ${table} enable always trigger ${name}`)
      t.same((await database.inspect()).advice, [])
    }
  }
})
