import type { RouteOptions } from 'fastify'
import { InvalidSettings } from '../src/errors.js'
import { type DeclaredRoute, nameOf } from './declared-routes.js'
import { checkFields, type RouteAuthtoken } from './policy.js'

/** Where a route's `config` says what guards it. */
export const GUARD = Symbol('fastify-authtoken.guard')

type Config = NonNullable<RouteOptions['config']> & { authtoken?: unknown }

/**
 * What a route declares, checked; undefined: nothing.
 * @throws InvalidSettings that names the route and what would be right, also where the name is only nearly ours
 */
export function declarationOf (name: string, config: object = {}): RouteAuthtoken | undefined {
  const wrong = Object.keys(config).find((key) => key !== 'authtoken' && isNearly(key))
  if (wrong !== undefined) throw new InvalidSettings(`${name}: config.${wrong} is not known; write config: { authtoken: … }`)
  const { authtoken } = config as Config
  return authtoken === undefined || authtoken === false ? authtoken : checkFields(`${name}: config.authtoken`, authtoken)
}

/** Refuses what belongs into a route's `config` and stands beside it. @throws InvalidSettings */
export function refuseBesideConfig (route: RouteOptions): void {
  const wrong = Object.keys(route).find(isNearly)
  if (wrong !== undefined) throw new InvalidSettings(`${nameOf(route)}: ${wrong} is not known here; write config: { authtoken: … }`)
}

/** Whether a name is ours but for one letter that is more, less, another, or moved. */
function isNearly (key: string): boolean {
  const ours = 'authtoken'
  const name = key.toLowerCase().replace(/[^a-z]/g, '')
  if ([...name].sort().join() === [...ours].sort().join()) return true
  const start = [...ours].findIndex((letter, i) => letter !== name[i])
  if (start === -1) return name.length <= ours.length + 1
  const rest = name.slice(start)
  return [ours.slice(start + 1), ours.slice(start)].some((end) => end === rest || end === rest.slice(1))
}

/**
 * Marks a route's `config`, also one that a later hook puts in its place.
 * @returns closes it: from then on nobody changes what the route declares. It throws InvalidSettings where somebody has already
 */
export function watchConfig (route: RouteOptions, guard: object): (declared: DeclaredRoute) => void {
  let config: object = { ...route.config, [GUARD]: guard }
  let isClosed = false
  let last: unknown
  Object.defineProperty(route, 'config', {
    enumerable: true,
    get: () => config,
    set (given: object) {
      if (isClosed) throw changed(route, '')
      config = Object.isExtensible(given) ? Object.assign(given, { [GUARD]: guard }) : { ...given, [GUARD]: guard }
    }
  })
  return (declared) => {
    // A route `/` behind a prefix is declared twice, with and without the slash.
    if (!isClosed) last = (config as Config).authtoken
    if (last !== declared.config.authtoken) throw changed(route, differingField(last, declared.config.authtoken))
    closePolicy(route, declared.config)
    config = declared.config
    isClosed = true
  }
}

function closePolicy (route: RouteOptions, config: Config): void {
  const { authtoken } = config
  const refuse = (_target: object, field: string | symbol): never => { throw changed(route, `.${String(field)}`) }
  const readOnly = typeof authtoken === 'object'
    ? new Proxy({ ...authtoken }, { set: refuse, defineProperty: refuse, deleteProperty: refuse })
    : authtoken
  Object.defineProperty(config, 'authtoken', {
    enumerable: authtoken !== undefined,
    get: () => readOnly,
    set () { throw changed(route, '') }
  })
}

function differingField (one: unknown, other: unknown): string {
  const [a, b] = [{ ...one as object }, { ...other as object }] as Array<Record<string, unknown>>
  const field = Object.keys({ ...a, ...b }).find((name) => a?.[name] !== b?.[name])
  return field === undefined ? '' : `.${field}`
}

const changed = (route: RouteOptions, field: string): Error => new InvalidSettings(
  `${nameOf(route)}: config.authtoken${field} was changed after it was read; set it where the route is declared, or in an onRoute hook`)
