import { InvalidSettings } from '../src/errors.js'
import type { PluginOptions } from '../src/options/plugin-options.js'
import type { DeclaredRoute } from './declared-routes.js'

type Entry = NonNullable<PluginOptions['public']>[number]

/** The routes that the option `public` opens. */
export interface PublicRoutes {
  has (route: DeclaredRoute): boolean
  /** Refuses a path that is none of any route. @throws InvalidSettings that names it */
  refuseUnused (routes: DeclaredRoute[]): void
}

/** @param entries of the option `public` */
export function createPublicRoutes (entries: Entry[]): PublicRoutes {
  return {
    has ({ config }) {
      const { url, method } = config
      return entries.some((entry) => typeof entry === 'string' ? matches(entry, url) : entry({ url, method, config }) === true)
    },
    refuseUnused (routes) {
      const unused = entries.find((entry) => typeof entry === 'string' && !routes.some(({ config }) => matches(entry, config.url)))
      if (unused !== undefined) throw new InvalidSettings(`authtoken: public: no route has the path ${String(unused)}`)
    }
  }
}

function matches (path: string, url: string): boolean {
  if (!path.endsWith('/*')) return path.endsWith('*') ? url.startsWith(path.slice(0, -1)) : url === path
  return url === path.slice(0, -2) || url.startsWith(path.slice(0, -1))
}
