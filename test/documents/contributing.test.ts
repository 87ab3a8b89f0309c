import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startProgram } from '../support/child-program.js'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'
import { until } from '../support/until.js'

// The repository itself, also where this file runs in the folder of what was compiled.
const ROOT = dirname(realpathSync(join(import.meta.dirname, '../../package.json')))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const page = read('CONTRIBUTING.md')
const code = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string)
const commands = code.filter((text) => /^(\w+=\S+ )*(npm|npx|node) /.test(text))
const PATH = /^\.?[\w-]+(\/[\w.-]+)*(\/|\.\w+|\/run)$/
const { scripts } = JSON.parse(read('package.json'))

/** Runs a command of the page as it stands there. */
const run = async (command: string) => (await promisify(execFile)(...withoutCoverage('bash', '-euc', command), { cwd: ROOT })).stdout

t.test('every path is there', async (t) => {
  const paths = code.filter((text) => PATH.test(text) && !/^(dist|compiled|coverage)\//.test(text))
  t.ok(paths.length > 20)
  const files = commands.flatMap((command) => command.match(/\S+\.test\.ts/g) ?? [])
  for (const path of [...paths, ...files]) t.ok(existsSync(join(ROOT, path)), path)
  for (const [, target = ''] of page.matchAll(/\]\((?!https?:)([^)#]+)/g)) t.ok(existsSync(join(ROOT, target)), target)
})

t.test('every script and program is there', async (t) => {
  for (const command of commands) {
    const [, script] = /npm (?:run )?([\w:]+)/.exec(command) ?? []
    const [, program] = /npx (\w+)/.exec(command) ?? []
    if (script !== undefined && !['ci', 'version'].includes(script)) t.ok(scripts[script], command)
    if (program !== undefined) t.ok(existsSync(join(ROOT, 'node_modules/.bin', program)), command)
    if (command.startsWith('node ')) t.match(command, / dist\/src\/cli\.js serve$/)
  }
  t.equal(scripts.start, 'node dist/src/cli.js serve', 'which is where the build puts the program')
})

t.test('every test that is not in npm test is named', async (t) => {
  const suites = Object.keys(scripts).filter((name) => name === 'fuzz' ||
    (name.startsWith('test:') && !['test:file', 'test:watch'].includes(name)))
  for (const name of suites) t.ok(commands.includes(`npm run ${name}`), name)
})

t.test('one test file runs as the page says, in a debugger and under a profiler too', async (t) => {
  const command = (start: string) => commands.find((command) => command.startsWith(`npm run test:file -- ${start}`)) as string
  const [file, debug, profile] = [command('test'), command('--inspect-brk'), command('--cpu-prof')]
  t.match(await run(file), /^passed: test\/src\/tokens\/expiry/m)
  t.match(await run(`${debug.replace('--inspect-brk', '--inspect=127.0.0.1:0')} 2>&1`), /Debugger listening[^]*^passed: /m)
  await run(profile.replace('coverage/profiles', folderOf(t)))
  t.match(readdirSync(folderOf(t)), [/\.cpuprofile$/])
})

t.test('a file that is changed runs again', async (t) => {
  const path = 'test/src/safe-error.test.ts'
  const [program, args] = withoutCoverage('npm', 'run', 'test:watch', '--', path)
  const watch = await startProgram(program, args, /^passed: /, { cwd: ROOT })
  t.teardown(() => watch.stop())
  const runs = () => watch.lines.filter((line) => line === `passed: ${path}`).length
  t.equal(runs(), 1)
  utimesSync(join(ROOT, path), new Date(), new Date())
  await until(() => runs() === 2)
})

t.test('a path that is no test file is refused', async (t) => {
  const usage = 'npm run test:file -- \\[options of node\\] <file'
  await t.rejects(run('npm run test:file -- test/src/nothing.test.ts'), {
    code: 1,
    stderr: new RegExp(`^test/src/nothing.test.ts is no test file. ${usage}`)
  })
  await t.rejects(run('npm run test:file'), { code: 1, stderr: new RegExp(`^Which file\\? ${usage}`) })
})

t.test('the benches can be listed, and those that are named are there', async (t) => {
  const help = await run('node --expose-gc --import tsx bench/run.ts --help')
  for (const command of commands) {
    const [, name] = /npm run bench -- ([\w-]+)/.exec(command) ?? []
    if (name !== undefined && name !== '--help') t.match(help, `\n  ${name}`)
  }
})
