import type { Static } from '@sinclair/typebox'
import { optionAt, type OptionPath } from '../options/all-options.js'
import { databaseOptions as databaseSchema } from '../options/database-options.js'
import { pluginOptions } from '../options/plugin-options.js'
import type { AuthtokenOptions } from '../open-authtoken.js'
import { type Settings, variablesOfOptions } from './settings.js'

/** The settings as `openAuthtoken` takes them. What is said of the plugin alone is left out, and what is the default anyhow. */
export function openOptions (settings: Settings): AuthtokenOptions {
  const options: Record<string, unknown> = {}
  for (const { variable, path } of variablesOfOptions) {
    const value = settings[variable]
    if (value !== undefined && value !== optionAt(path).default && !(path in pluginOptions.properties)) put(options, path, value)
  }
  return options as unknown as AuthtokenOptions
}

/** The settings as `openDatabase` takes them. */
export function databaseOptions (settings: Settings): Static<typeof databaseSchema> {
  return Object.fromEntries(Object.entries(openOptions(settings)).filter(([name]) => name in databaseSchema.properties))
}

function put (options: Record<string, unknown>, path: OptionPath, value: unknown): void {
  const [name, inner] = path.split('.') as [string, string?]
  options[name] = inner === undefined ? value : { ...options[name] as object, [inner]: value }
}
