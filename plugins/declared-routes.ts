import type { FastifyContextConfig, FastifyInstance } from 'fastify'

/** A route as Fastify has it once it is declared. */
export interface DeclaredRoute {
  /** What Fastify hands out as `request.routeOptions.config`. */
  config: FastifyContextConfig & { url: string, method: string | string[] }
  /** The instance on which it was declared. */
  server: FastifyInstance
}

/**
 * All routes that are declared so far, of every scope. Fastify lists them only as text,
 * but its printer asks `buildPrettyMeta` about each.
 * @throws Error where the printer asks about none
 */
export function declaredRoutes (app: FastifyInstance): DeclaredRoute[] {
  const routes = new Set<DeclaredRoute>()
  const printed = app.printRoutes({
    includeMeta: ['config'],
    get buildPrettyMeta () {
      return ({ store }: { store: DeclaredRoute }) => {
        routes.add(store)
        return {}
      }
    },
    // The printer would put its own here.
    set buildPrettyMeta (_own) {}
  } as Parameters<FastifyInstance['printRoutes']>[0])
  if (routes.size === 0 && printed !== '(empty tree)') throw new Error('This version of Fastify does not tell its routes')
  return [...routes]
}

/** A route by the names that its declaration has. */
export const nameOf = ({ method, url }: { method: string | string[], url: string }): string => `${[method].flat().join(',')} ${url}`
