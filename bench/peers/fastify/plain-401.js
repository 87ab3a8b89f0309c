import { addRoute, createApp, listen } from './hello-route.js'

// A plain 401, headers and all as this package answers to a wrong token.
const app = createApp()
addRoute(app, {
  onRequest (request, reply, done) {
    reply.code(401).header('www-authenticate', 'Token').type('application/json').serializer(JSON.stringify)
      .send({ detail: 'Invalid token.' })
  }
})
await listen(app)
