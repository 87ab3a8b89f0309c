import type { TObject, TSchema } from '@sinclair/typebox'
import { hostOptions, localOptions } from '../../plugins/authtoken-options.js'
import { delegatedOptions } from '../../plugins/delegated.js'
import { cacheOptions } from '../../src/options/cache-options.js'
import { databaseOptions, userTableOptions } from '../../src/options/database-options.js'
import { exchangeOptions } from '../../src/options/exchange-options.js'
import { passwordOptions } from '../../src/options/password-options.js'
import { pluginOptions } from '../../src/options/plugin-options.js'
import { poolOptions } from '../../src/options/pool-options.js'
import { tokenOptions } from '../../src/options/token-options.js'
import { remoteOptions, remoteSchema } from '../../src/remote/remote-options.js'
import { mustBe, settingsSchema } from '../../src/service/settings.js'

const WIDTH = 130

/** What is written from the schemas of options, file by file: a function of the file's text that puts that in its place. */
export const documents: Record<string, (text: string) => string> = {
  'README.md': (text) => withTable(text, optionsOfPlugin()),
  'docs/remote.md': (text) => withTable(text, Object.entries(remoteSchema.properties)),
  'docs/settings.md': (text) => Object.entries<TSchema>(settingsSchema.properties).reduce(withSetting, text),
  'src/options/cache-options.ts': (text) => withDocstrings(text, cacheOptions),
  'src/options/database-options.ts': (text) => withDocstrings(withDocstrings(text, userTableOptions), databaseOptions),
  'src/options/exchange-options.ts': (text) => withDocstrings(text, exchangeOptions),
  'src/options/password-options.ts': (text) => withDocstrings(text, passwordOptions),
  'src/options/plugin-options.ts': (text) => withDocstrings(text, pluginOptions),
  'src/options/pool-options.ts': (text) => withDocstrings(text, poolOptions),
  'src/options/token-options.ts': (text) => withDocstrings(text, tokenOptions),
  'src/remote/remote-options.ts': (text) => withDocstrings(text, remoteOptions)
}

type Row = [path: string, schema: TSchema]

/** All options of a registration: first those that say where users and tokens are. */
function optionsOfPlugin (): Row[] {
  const { database, users, exchange, ...others } = localOptions.properties
  const { authenticator } = delegatedOptions.properties
  const { tables, users: ownUsers } = hostOptions.properties
  return [
    ['database', database],
    ['tables', tables],
    ['users', ownUsers],
    ...rowsOf({ users }),
    ['authenticator', authenticator],
    ...rowsOf({ ...others, exchange }),
    ...rowsOf({ exchange: exchangeOptions })
  ]
}

function rowsOf (properties: Record<string, TSchema>, prefix = ''): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => schema.properties === undefined
    ? [[`${prefix}${name}`, schema] as Row]
    : rowsOf(schema.properties, `${prefix}${name}.`))
}

function withTable (text: string, rows: Row[]): string {
  const table = rows.map(([path, schema]) => `| \`${path}\` | ${byDefault(schema)} | ${schema.description}${choices(schema)} |\n`).join('')
  return text.replace(/(?<=^\| option \| default \| .*\n.*\n)(\|.*\n)*/m, () => table)
}

const byDefault = ({ default: value, usual }: TSchema): string =>
  [...(value === undefined ? [] : [`\`${literal(value)}\``]), ...(usual === undefined ? [] : [usual])].join('; ')

/** What it may be, where that is not said yet. */
function choices ({ type, minimum, maximum, anyOf = [] }: TSchema): string {
  if (type === 'integer') return ` (${minimum} to ${maximum})`
  const words: string[] = anyOf.flatMap(({ const: word }: TSchema) => typeof word === 'string' ? [`\`${literal(word)}\``] : [])
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}

const literal = (value: unknown): string => JSON.stringify(value).replaceAll('"', "'")

/** The first paragraph of a setting; what stands below it is written by hand. */
function withSetting (text: string, [name, schema]: Row): string {
  const { option, usual, description = '' } = schema
  const sentences = [
    capital(description),
    `Default: ${schema.default === undefined ? usual : `\`${said(schema)}\``}`,
    `Must be ${mustBe(schema).replaceAll('<', '\\<')}`,
    ...(option === undefined ? [] : [`The plugin's \`${option}\``])
  ]
  return text.replace(new RegExp(`(?<=^## ${name}\n)(?!## ).*\n`, 'm'), () => `${sentences.join('. ')}.\n`)
}

/** The default as the variable says it. */
function said ({ default: value, words }: TSchema): string {
  return typeof value === 'boolean' ? words[value ? 0 : 1] : String(value)
}

/** The docstrings that editors show of a group's options. */
function withDocstrings (text: string, group: TObject): string {
  return Object.entries<TSchema>(group.properties).reduce((text, [name, schema]) =>
    text.replace(new RegExp(`(?:^  /\\*\\*(?:(?!\\*/)[^])*\\*/\n)?(?=^  ${name}: )`, 'm'), () => docstring(schema)), text)
}

function docstring (schema: TSchema): string {
  const { default: value, usual = '', description } = schema
  if (description === undefined) return ''
  const words = `${capital(description)}.`
  const tag = `@default ${value === undefined ? usual : literal(value)}`
  return `${words} ${tag}`.length < WIDTH ? `  /** ${words} ${tag} */\n` : `  /**\n${wrap(words)}   * ${tag}\n   */\n`
}

function wrap (text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH) lines.push('')
    lines[lines.length - 1] += ` ${word}`
  }
  return lines.map((line) => `   *${line}\n`).join('')
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
