import type { AddressInfo } from 'node:net'
import { posix } from 'node:path'
import Fastify, { type FastifyRequest } from 'fastify'

/** A handler that was reached, as the router reads the path or as another backend could. */
export interface Handled {
  /** The case that the client names. */
  of: string
  /** `admin`, `orders`, `public` or `rest`. */
  handlers: string[]
  url: string
  /** Who it is by the proxy. */
  user: string
}

/** A backend of wildcards that trusts its proxy. */
export type Router = Awaited<ReturnType<typeof startRouter>>

/** Starts one on a free port of the loopback. It reads paths as leniently as it can. */
export async function startRouter () {
  let handled: Handled[] = []
  const app = Fastify({ routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true }, exposeHeadRoutes: false })
  const handle = (handler: string) => async ({ headers, raw: { url = '' } }: FastifyRequest) => {
    const handlers = [handler, ...readings(url).map(handlerOf)]
    handled.push({ of: String(headers['x-case']), handlers, url, user: String(headers['x-auth-user'] ?? '') })
    return { handlers }
  }
  for (const name of ['admin', 'orders', 'public']) {
    app.all(`/${name}`, handle(name))
    app.all(`/${name}/*`, handle(name))
  }
  app.all('/*', handle('rest'))
  await app.listen({ port: 0, host: '127.0.0.1' })

  return {
    port: (app.server.address() as AddressInfo).port,
    /** What was handled since the last call. */
    take (): Handled[] {
      const taken = handled
      handled = []
      return taken
    },
    stop: async (): Promise<void> => { await app.close() }
  }
}

/** The path as backends read it that parse it as a URL, or decode it and tidy it up. */
function readings (url: string): string[] {
  const paths = []
  try {
    const { pathname } = new URL(url, 'http://backend')
    paths.push(pathname)
    paths.push(posix.normalize(decodeURIComponent(pathname)))
  } catch {
    // Such a backend would refuse it.
  }
  return paths
}

const handlerOf = (path: string): string => /^\/(admin|orders|public)(?![^/])/i.exec(path)?.[1]?.toLowerCase() ?? 'rest'
