import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from './http-client.js'

const CLI = join(import.meta.dirname, '../../dist/src/cli.js')

/** How long the built service takes from the start of its process until it has answered a request with a token, in milliseconds. */
export async function timeToFirstAnswer (database: string, key: string): Promise<number> {
  const port = await freePort()
  const agent = new Agent({ keepAlive: false })
  const began = performance.now()
  const child = spawn(process.execPath, [CLI, 'serve'], {
    env: { PATH: process.env.PATH, DATABASE_URL: database, HOST: '127.0.0.1', PORT: String(port) },
    stdio: 'ignore'
  })
  const exited = once(child, 'exit')
  try {
    while (child.exitCode === null) {
      const answer = await send(agent, port, {
        method: 'GET',
        path: '/users/me/',
        headers: { authorization: `Token ${key}` }
      }).catch(() => null)
      if (answer?.status === 200) return performance.now() - began
      await sleep(2)
    }
    throw new Error('The service did not start')
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
