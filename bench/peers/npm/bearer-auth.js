import { randomBytes } from 'node:crypto'
import bearerAuth from '@fastify/bearer-auth'
import { addRoute, createApp, listen } from '../fastify/hello-route.js'

// The key that is sent is the last of the list: the plugin compares one after the other.
const keys = Array.from({ length: Number(process.env.KEYS) }, () => randomBytes(20).toString('hex'))

const app = createApp()
await app.register(bearerAuth, { keys })
addRoute(app)
await listen(app, `Bearer ${keys.at(-1)}`)
