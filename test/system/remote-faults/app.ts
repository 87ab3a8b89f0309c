// An application in remote mode, a process of its own: it says who its caller is.
import Fastify from 'fastify'
import authtoken, { remote } from '../../../src/remote.js'

const [url = '', ttlMs = ''] = process.argv.slice(2)
const app = Fastify({ logger: { level: 'fatal' } })
const authenticator = remote({ url, token: process.env.SERVICE_TOKEN ?? '', ttlMs: Number(ttlMs) })
await app.register(authtoken, { authenticator, defaultPermission: 'isAuthenticated' })
app.get('/', async ({ user }) => ({ user: user?.username }))
app.get('/watch', { config: { authtoken: false } }, async () => authenticator.statistics)
console.log(`listening at ${await app.listen({ port: 0, host: '127.0.0.1' })}`)
process.once('SIGTERM', () => { app.close().catch(() => { process.exitCode = 1 }) })
