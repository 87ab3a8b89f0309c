import authtoken from 'fastify-authtoken'
import { addRoute, createApp, listen } from './hello-route.js'

const { DATABASE_URL: database, CACHE_SIZE, FORM } = process.env

const app = createApp()
await app.register(authtoken, { database, ...(CACHE_SIZE && { cache: { size: Number(CACHE_SIZE) } }) })
const forms = {
  config: { config: { authtoken: { permission: 'isAuthenticated' } } },
  onRequest: { onRequest: app.verifyToken },
  auth: { onRequest: app.auth([app.verifyToken]) }
}
addRoute(app, forms[FORM])
await listen(app)
