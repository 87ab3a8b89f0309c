import { addRoute, createApp, listen } from './route.js'

const app = createApp()
addRoute(app)
await listen(app)
