import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { builtProgram, ROOT } from '../../support/repository.js'
import { openAuthtoken } from '../../../src/index.js'
import { environment, type Running, startProgram } from '../../support/child-program.js'
import { makeUser } from '../../support/users.js'

/** A port of the loopback that nobody listens on. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until something listens there. */
export async function listening (port: number, milliseconds = 15_000): Promise<void> {
  for (const deadline = performance.now() + milliseconds; ; await sleep(25)) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      if (performance.now() > deadline) throw new Error(`Nothing listens on port ${port}`)
    } finally {
      socket.destroy()
    }
  }
}

/** A user whose name and address no header could carry as they are. */
export const JURGEN = { username: 'jürgen+50', email: '50%ü@example.org' }

/** A token to revoke, and a user to switch off. */
export interface Doomed {
  revoked: string
  leaving: { username: string, token: string }
}

/** What `populate` made. */
export type Keys = Awaited<ReturnType<typeof populate>>

/**
 * Makes a database with users and tokens.
 * @param names for each of which there is a token to revoke and a user to be switched off
 */
export async function populate (url: string, names: string[]) {
  const authtoken = await openAuthtoken({ database: url, migrate: true })
  try {
    const { user: jurgen, token: { key: full } } = await makeUser(authtoken, JURGEN.username, { email: JURGEN.email })
    const { user: boss, token: { key: staff } } = await makeUser(authtoken, 'boss', { isStaff: true, isSuperuser: true })
    const { id, key: orders } = await authtoken.tokens.create(jurgen, { name: 'orders', scope: 'orders:read users:read' })
    const { key: scopeless } = await authtoken.tokens.create(jurgen, { name: 'scopeless', scope: '' })
    const doomed: Record<string, Doomed> = {}
    for (const name of names) {
      const { token } = await makeUser(authtoken, `leaving-${name}`)
      doomed[name] = {
        revoked: (await authtoken.tokens.create(jurgen, { name })).key,
        leaving: { username: `leaving-${name}`, token: token.key }
      }
    }
    return { full, staff, orders, ordersId: id, scopeless, doomed, jurgenId: String(jurgen.id), bossId: String(boss.id) }
  } finally {
    await authtoken.close()
  }
}

/** Runs the service as it was built. */
export async function startService (url: string, port: number, settings: NodeJS.ProcessEnv = {}): Promise<Running> {
  return await startProgram(process.execPath, [builtProgram(), 'serve'], /"Server listening at (http:[^"]+)"/,
    { cwd: ROOT, env: environment({ DATABASE_URL: url, PORT: String(port), ...settings }) })
}
