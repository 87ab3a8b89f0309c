import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { ROOT } from '../support/repository.js'

const FOLDERS = ['src', 'plugins', 'test', 'bench']
const PATH = /^\.{0,2}[\w@*./-]+(\/|\.(ts|js|json|md|py|sqlite3))$/
// What a build or an installation makes, and what a reader makes up.
const ELSEWHERE = /^(dist|node_modules)\//

const pages = FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|\/)README\.md$/.test(path) && !path.includes('node_modules'))
  .map((path) => join(folder, path)))

/** Whether a file or folder is there; a bare name, in which a star stands for any letters, may be anywhere below. */
function isThere (folder: string, path: string): boolean {
  if (path.replace(/\/$/, '').includes('/')) return existsSync(join(ROOT, folder, path))
  const pattern = new RegExp(`^${path.replace(/\/$/, '').replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).some((found) => pattern.test(basename(found)))
}

t.test('files and folders that the README of a folder names are there: below it, or by their whole path', async (t) => {
  t.ok(pages.length > 30)
  for (const page of pages) {
    for (const [, text = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/`([^`]+)`/g)) {
      if (PATH.test(text) && !ELSEWHERE.test(text)) t.ok(isThere(dirname(page), text) || existsSync(join(ROOT, text)), `${page}: ${text}`)
    }
  }
})
