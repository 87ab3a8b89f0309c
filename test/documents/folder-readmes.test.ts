import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ROOT } from '../support/repository.js'

const FOLDERS = ['src', 'plugins', 'test', 'bench']
const PATH = /^\.{0,2}[\w@*./-]+(\/|\.(ts|js|json|md|py|sqlite3))$/
// What a build or an installation makes, and what a reader makes up.
const ELSEWHERE = /^(dist|node_modules)\//

const entries = [...readdirSync(ROOT), ...FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))]
const pages = entries.filter((path) => /\/README\.md$/.test(path) && !path.includes('node_modules'))

/** Whether a name or a path, in which a star stands for one name or a part of it, is there. */
function isThere (folder: string, text: string): boolean {
  const path = text.replace(/\/$/, '')
  const places = path.includes('/') ? [join(folder, path), path] : [folder, dirname(folder)].map((place) => `${place}/**/${path}`)
  return existsSync(join(ROOT, path)) || places.some((place) => entries.some((entry) => patternOf(place).test(entry)))
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('/**/', '/(.+/)?').replaceAll(/(?<![)+])\*/g, '[^/]*')}$`)

t.test('files and folders that the README of a folder names are there: near it, or by their whole path', async (t) => {
  t.ok(pages.length > 30)
  for (const page of pages) {
    for (const [, text = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/`([^`]+)`/g)) {
      if (PATH.test(text) && !ELSEWHERE.test(text)) t.ok(isThere(dirname(page), text), `${page}: ${text}`)
    }
  }
})
