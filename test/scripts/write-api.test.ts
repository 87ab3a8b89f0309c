import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'

const ROOT = join(import.meta.dirname, '../..')
const BEFORE = join(ROOT, 'test/fixtures/api')
const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8')

t.test('the package exports the names and types that it did', async (t) => {
  const now = folderOf(t)
  await promisify(execFile)(...withoutCoverage(process.execPath, join(ROOT, 'scripts/write-api.js'), ROOT, now))
  t.same(readdirSync(now).sort(), readdirSync(BEFORE).sort(), 'entry points')
  const changes = readdirSync(BEFORE).flatMap((file) => {
    return differences(read(BEFORE, file), read(now, file)).map((change) => `${file.replace(/txt$/, '')}${change}`)
  })
  t.same(changes, [], 'what is meant to change is written by scripts/write-api.js, and told in CHANGELOG.md')
})

t.test('each entry point has at run time what its declarations say', async (t) => {
  const { exports: entries } = JSON.parse(read(ROOT, 'package.json')) as { exports: Record<string, { default?: string }> }
  for (const [name, { default: file }] of Object.entries(entries)) {
    if (file === undefined) continue
    const declared = [...read(BEFORE, `${name.slice(2) || 'index'}.txt`).matchAll(/^value (\w+)/gm)].map(([, value]) => value)
    t.same(Object.keys(await import(join(ROOT, file))).sort(), declared.sort(), name)
  }
})

t.test('what differs is named', async (t) => {
  const before = 'type User: {\n  id: number\n  name?: string\n  tokens: {\n    create: () => Promise<{\n      key: string\n    }>\n  }\n}'
  const changed = (from: string, to: string) => differences(before, before.replace(from, to))
  t.same(changed('', ''), [])
  t.same(changed('    create', '    revoke: () => void\n    create'), ['User.tokens.revoke: was not there, is `() => void`'])
  t.same(changed('name?: string', 'name: string'), ['User.name?: was `string`, is not there', 'User.name: was not there, is `string`'])
  t.same(changed('key: string', 'key: unknown'), ['User.tokens.create.key: was `string`, is `unknown`'])
  t.same(changed('Promise<{', 'Promise<null | {'), ['User.tokens.create: was `() => Promise<{ … }>`, is `() => Promise<null | { … }>`'])
})

/** Of two listings, line by line, by the place that a line has in its type. */
function differences (before: string, now: string): string[] {
  const [old, current] = [placed(before), placed(now)]
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((place) => {
    const [was, is] = [old.get(place), current.get(place)].map((texts) => texts === undefined ? 'not there' : `\`${texts.join(' … ')}\``)
    return was === is ? [] : [`${place}: was ${was}, is ${is}`]
  })
}

function placed (listing: string): Map<string, string[]> {
  const places = new Map<string, string[]>()
  const path: string[] = []
  for (const line of listing.trimEnd().split('\n')) {
    const depth = /^ */.exec(line)![0].length / 2
    const member = /^(?:type |value |readonly )*([\w? "./]+|\[\w+\])(?:<[^:]*)?: (.*)$/.exec(line.trim())
    // The end of a block belongs to where it began.
    const [name = '', text = ''] = member?.slice(1) ?? [path[depth], line.trim()]
    path.splice(depth, path.length, name)
    const place = path.join('.')
    places.set(place, [...places.get(place) ?? [], text])
  }
  return places
}
