import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'

const SCRIPT = join(import.meta.dirname, '../../scripts/release.js')

/** A repository that is ready for a release, but for what is given. */
function makePackage (t: Test, { changelog = '## 1.2.3 (2030-01-31)\n\n- A change.\n\n## 1.2.2 (2029-01-01)\n', locked = '1.2.3' } = {}) {
  const folder = t.testdir({
    'package.json': JSON.stringify({ name: 'some-package', version: '1.2.3' }),
    'package-lock.json': JSON.stringify({ version: locked }),
    'CHANGELOG.md': `# Changes\n\n${changelog}`
  })
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } })
  git('init', '--quiet')
  git('add', '--all')
  git('-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', 'commit', '--quiet', '--message', 'Release')
  const release = () => spawnSync(process.execPath, [SCRIPT, '--dry-run'], { cwd: folder, encoding: 'utf8' })
  return { folder, git, release }
}

t.test('a package that is ready: what would be run, and what is left to do by hand', async (t) => {
  const { status, stdout, stderr } = makePackage(t).release()
  t.equal(stderr, '')
  t.equal(status, 0)
  t.same(stdout.split('\n').slice(1), [
    'would run: npm run check',
    'would run: npm run test:package',
    'would run: npm pack',
    'Then by hand: git tag v1.2.3 && git push origin v1.2.3 && npm publish some-package-1.2.3.tgz',
    ''
  ])
})

t.test('what is not ready is said, and stops it', async (t) => {
  const refused = (t: Test, { release }: ReturnType<typeof makePackage>, ...problems: string[]) => {
    const { status, stdout, stderr } = release()
    t.equal(status, 1)
    t.equal(stdout, '', 'nothing is run')
    t.equal(stderr, problems.map((problem) => `release: ${problem}\n`).join(''))
  }

  t.test('a tree with changes', async (t) => {
    const made = makePackage(t)
    writeFileSync(join(made.folder, 'notes.txt'), '')
    refused(t, made, 'there are changes that are not committed; commit or stash them')
  })

  t.test('a version that is there already', async (t) => {
    const made = makePackage(t)
    made.git('tag', 'v1.2.3')
    refused(t, made, 'v1.2.3 is released; npm version <newer> --no-git-tag-version')
  })

  t.test('another version in the lock file', async (t) => {
    refused(t, makePackage(t, { locked: '1.2.2' }), 'package-lock.json says 1.2.2, package.json 1.2.3; npm install')
  })

  for (const heading of ['1.2.3 (unreleased)', '1.2.4 (2030-01-31)', '1x2.3 (2030-01-31)']) {
    t.test(`${heading} in CHANGELOG.md`, async (t) => {
      const made = makePackage(t, { changelog: `## ${heading}\n\n- A change.\n` })
      refused(t, made, `the first section of CHANGELOG.md is "${heading}", and not "1.2.3 (<year>-<month>-<day>)"`)
    })
  }

  t.test('no word of what changed', async (t) => {
    refused(t, makePackage(t, { changelog: '## 1.2.3 (2030-01-31)\n\n## 1.2.2 (2029-01-01)\n\n- Another change.\n' }), 'CHANGELOG.md says nothing about 1.2.3')
  })
})
