import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'

const SCRIPT = join(import.meta.dirname, '../../scripts/check-structure.js')
const numbered = <T>(length: number, make: (i: number) => T) => Array.from({ length }, (_, i) => make(i))
/** Ten lines, one of them a comment. */
const code = (...lines: string[]) =>
  ['/** What it is. */', ...lines, ...numbered(9 - lines.length, (i) => `export const value${i} = ${i}`)].join('\n')
const README = 'What lives here.\n\nWhat it may use.\n\nWhat to touch for what.\n'
const GOOD: Record<string, string> = {
  'src/README.md': README,
  'src/errors.ts': code("import createError from '@fastify/error'"),
  'src/database/README.md': README,
  'src/database/sqlite/README.md': README,
  'src/database/sqlite/open.ts': code(),
  'src/database/postgres/README.md': README,
  'src/database/postgres/open.ts': code("import { value1 } from '../../errors.js'"),
  'plugins/README.md': README,
  'plugins/authtoken.ts': code("import fp from 'fastify-plugin'", "import { value2 } from '../src/errors.js'"),
  'test/README.md': README,
  'test/fixtures/rows.json': '[]',
  'bench/README.md': README
}

t.test('a tree that keeps to all rules', async (t) => {
  t.same(await check(t, GOOD), [0,
    'Structure: 4 files; no import upwards or in a circle; longest chain in src/database: 1; comments: 10.0 %.'
  ])
})

t.test('imports that go upwards, across or in a circle, types too, and what has no layer', async (t) => {
  t.same(await check(t, {
    ...GOOD,
    'src/database/sqlite/read.ts': code("import type { value1 } from '../../tokens/format.js'"),
    'src/tokens/README.md': README,
    'src/tokens/format.ts': code("import { value1 } from './key.js'"),
    'src/tokens/key.ts': code("import type { value2 } from './format.js'", "import fastify from 'fastify'"),
    'src/client/README.md': README,
    'src/client/request.ts': code("export const answer = await import('../remote/answer.js')"),
    'src/remote/README.md': README,
    'src/remote/answer.ts': code("import { value1 } from '../stray.js'"),
    'src/stray.ts': code()
  }), [1,
    'src/client/request.ts: imports src/remote/answer.ts; src/client/ may import only what is below it',
    'src/database/sqlite/read.ts: imports src/tokens/format.ts; src/database/ may import only what is below it',
    'src/remote/answer.ts: imports src/stray.ts; each file needs a place in the layers of .dependency-cruiser.js',
    'src/tokens/format.ts: imports src/tokens/key.ts > src/tokens/format.ts; no imports in a circle',
    'src/tokens/key.ts: imports fastify/fastify.js; the core knows no Fastify, but its errors'
  ])
})

t.test('names, folders and what their READMEs say, chains', async (t) => {
  const chain = numbered(7, (i) => [`src/database/step${i}.ts`, code(i === 6 ? '' : `import { value1 } from './step${i + 1}.js'`)])
  const routes = numbered(17, (i) => [`plugins/routes/route${i}.ts`, code()])
  t.same(await check(t, {
    ...GOOD,
    ...Object.fromEntries([...chain, ...routes]),
    'plugins/errors.ts': code(),
    'plugins/routes/README.md': '\n# Routes\n\n',
    'bench/README.md': `${README}\`suites.ts\`, \`src/errors.ts\``,
    'test/src/errors.test.ts': ''
  }), [1,
    'bench/README.md: names suites.ts, which is not there',
    'plugins/errors.ts, src/errors.ts: one name, errors.ts, for several files',
    'plugins/routes/README.md: 1 lines, which should be 3 to 10',
    'plugins/routes: 17 files, of which 16 at most may be in a folder',
    `${chain.map(([path]) => path).join(' > ')}: a chain of 7 files, 6 at most`,
    'test/src/README.md: is missing'
  ])
})

t.test('comments, too few and too many', async (t) => {
  const problem = (share: string) => `src, plugins: ${share} % of the lines are comments, which should be 8 to 14 %`
  t.same(await check(t, { ...GOOD, 'src/cli.ts': `${'export {}\n'.repeat(40)}// End.\n` }), [1, problem('6.2')])
  t.same(await check(t, { ...GOOD, 'src/cli.ts': '/*\n * What\n   it is.\n */\n' }), [1, problem('18.2')])
})

/** @returns the exit code, and what is said, sorted */
async function check (t: Test, tree: Record<string, string>): Promise<[number, ...string[]]> {
  const folder = join(folderOf(t), String(Object.keys(tree).length))
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  execFileSync('git', ['init', '--quiet', folder])
  return new Promise((resolve) => {
    execFile(...withoutCoverage(process.execPath, SCRIPT, folder), (error, stdout, stderr) => {
      resolve([error === null ? 0 : Number(error.code), ...`${stdout}${stderr}`.trim().split('\n').sort()])
    })
  })
}
