import { rejects } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import file from 'tap'
import { createDatabase } from './database.js'
import { startPostgres } from './server.js'

const query = async (url: string, sql: string) => {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

file.test('a server keeps its data when it is killed, and is gone after its end', async (t) => {
  const server = await startPostgres({ durable: true, settings: { max_connections: 50 } })
  t.teardown(() => server.stop())
  const url = server.url()

  t.match(await query(url, 'select version()'), [{ version: /^PostgreSQL 18/ }])
  t.same(await query(url, "select name, setting from pg_settings where name in ('fsync', 'max_connections', 'server_encoding', " +
    "'synchronous_commit') order by name"), [
    { name: 'fsync', setting: 'on' }, { name: 'max_connections', setting: '50' }, { name: 'server_encoding', setting: 'UTF8' }, {
      name: 'synchronous_commit',
      setting: 'on'
    }
  ])
  await t.rejects(query(url.replace(/:[0-9a-f]+@/, ':wrong@'), 'select 1'), { code: '28P01' })

  await query(url, 'create table kept (n int)')
  for (const [n, signal] of (['SIGINT', 'SIGQUIT', 'SIGKILL'] as const).entries()) {
    await query(url, `insert into kept values (${n})`)
    await server.kill(signal)
    t.equal(server.pid, null)
    // Processes of one that was killed may hold the socket a moment longer.
    await t.rejects(query(url, 'select 1'), { code: /^ECONN(REFUSED|RESET)$/ })
    await server.start()
    t.equal((await query(url, 'select n from kept')).length, n + 1, signal)
  }

  await server.stop()
  t.equal(server.pid, null)
  t.notOk(existsSync(server.folder))
  await t.rejects(query(url, 'select 1'), { code: 'ECONNREFUSED' })
})

file.test('a server goes with its process, however that ends', async (t) => {
  const program = `
    const { startPostgres } = await import(${JSON.stringify(new URL('server.ts', import.meta.url).href)})
    const server = await startPostgres()
    console.log(JSON.stringify([server.folder, server.url()]))
    if (process.argv[1] !== 'end') setInterval(() => {}, 1000)`
  for (const end of ['end', 'SIGTERM', 'SIGKILL'] as const) {
    const child = spawn(
      process.execPath,
      ['--import=tsx', '--input-type=module', '-e', program, end],
      { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] }
    )
    const [line] = await once(child.stdout, 'data')
    const [folder, url] = JSON.parse(String(line))
    if (end !== 'end') child.kill(end)
    for (let i = 0; i < 200 && existsSync(folder); i++) await setTimeout(50)
    t.notOk(existsSync(folder), end)
    await t.rejects(query(url, 'select 1'), { code: 'ECONNREFUSED' })
  }
})

file.test('each test has a database of its own, which goes with the test file', async (t) => {
  // Runs after the databases have gone: the last teardown to be asked for is the first. Assertions of tap's have an end before it.
  file.teardown(async () => {
    try {
      for (const url of urls) await rejects(query(url, 'select 1'), { code: '3D000' })
      await rejects(connected.query('select 1'), 'what is connected to it does not keep it')
    } finally {
      await connected.end()
    }
  })
  const urls = [await createDatabase(t), await createDatabase(t)]
  for (const url of urls) await query(url, 'create table same_name (n int)')
  const connected = new pg.Client(urls[0] as string)
  connected.on('error', () => {})
  await connected.connect()
})
