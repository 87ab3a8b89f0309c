import type { TObject, TSchema } from '@sinclair/typebox'
import { cacheOptions } from './cache-options.js'
import { databaseOptions, databaseUrl } from './database-options.js'
import { flag } from './kinds.js'
import { group, nested } from './option-groups.js'
import { passwordOptions } from './password-options.js'
import { pluginOptions } from './plugin-options.js'
import { tokenOptions } from './token-options.js'

/** Every option that text can say, so that a setting of the service may be one. */
export const allOptions = group({
  ...pluginOptions.properties,
  database: databaseUrl,
  migrate: flag({
    usual: '`true` for a file; `false` for PostgreSQL',
    description: 'whether the tables are made and brought up to date first'
  }),
  ...databaseOptions.properties,
  cache: nested(cacheOptions),
  passwords: nested(passwordOptions),
  tokens: nested(tokenOptions)
})

type In<Properties, Path> = Path extends `${infer Group extends keyof Properties & string}.${infer Name}`
  ? Properties[Group] extends TObject<infer Inner> ? In<Inner, Name> : never
  : Path extends keyof Properties ? Properties[Path] : never

type PathIn<Properties> = {
  [Name in keyof Properties & string]: Properties[Name] extends TObject<infer Inner> ? `${Name}.${PathIn<Inner>}` : Name
}[keyof Properties & string]

/** The name of an option with the groups that it is in, as `pool.size`. */
export type OptionPath = PathIn<typeof allOptions['properties']>

/** The schema of an option. */
export type OptionAt<Path extends OptionPath> = In<typeof allOptions['properties'], Path>

/** The schema of an option. */
export const optionAt = <Path extends OptionPath>(path: Path): OptionAt<Path> =>
  path.split('.').reduce<TSchema>((schema, name) => schema.properties[name], allOptions) as OptionAt<Path>
