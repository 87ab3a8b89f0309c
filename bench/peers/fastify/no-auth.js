import { addRoute, createApp, listen } from './hello-route.js'

const app = createApp()
addRoute(app)
await listen(app)
