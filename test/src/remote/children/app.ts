// An application in remote mode that answers one request, and closes: it must end by itself.
import { once } from 'node:events'
import Fastify from 'fastify'
import authtoken, { remote } from '../../../../src/remote.js'

const [url = '', token = '', key = ''] = process.argv.slice(2)
const app = Fastify()
const authenticator = remote({ url, token, ttlMs: 600_000 })
await app.register(authtoken, { authenticator, defaultPermission: 'isAuthenticated' })
app.get('/', async (request) => ({ user: request.user?.username }))
const answer = await app.inject({ url: '/', headers: { authorization: `Token ${key}` } })
while (authenticator.statistics.watch !== 'live') await new Promise((resolve) => setTimeout(resolve, 10))
console.log(answer.body)
await once(process.stdin.resume(), 'data')
process.stdin.pause()
await app.close()
console.log('closed')
