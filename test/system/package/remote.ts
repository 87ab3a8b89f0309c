import { join } from 'node:path'
import { createClient } from '../django/client.js'
import { startProgram } from '../../support/child-program.js'
import type { Report } from '../../support/check-report.js'
import { createProject, type Project } from './project.js'

const PROGRAM = `
import Fastify from 'fastify'
import authtoken, { remote } from 'fastify-authtoken/remote'

const app = Fastify()
await app.register(authtoken, { authenticator: remote({ url: process.env.SERVICE_URL, token: process.env.SERVICE_TOKEN }), defaultPermission: 'isAuthenticated' })
app.get('/me', async ({ user, auth }) => ({ username: user.username, scope: auth.scope }))
console.log('listening at ' + await app.listen({ port: 0, host: '127.0.0.1' }))
process.once('SIGTERM', () => app.close())
`

/**
 * A project without the optional dependencies, whose application asks a service who its callers are.
 * @param service a project that has the whole package, to run the service
 * @param folder an empty one
 */
export async function checkRemote (report: Report, service: Project, tarball: string, folder: string): Promise<void> {
  const project = createProject(folder)
  const { code, output, errors } = await project.install('--omit=optional', tarball, 'fastify@5')
  report.check('npm install --omit=optional installs the tarball beside Fastify 5', code === 0, output + errors)
  report.equal('no driver of a database is there', ['better-sqlite3', 'pg'].filter((name) => project.has(join('node_modules', name))), [])
  project.write('app.js', PROGRAM)

  const env = { DATABASE_URL: `file:${join(folder, 'service.db')}`, MIGRATE: 'true' }
  const server = await service.startCommand(['authtoken', 'serve'], /"Server listening at (http:[^"]+)"/, { ...env, PORT: '0' })
  try {
    await service.command(
      ['authtoken', 'createsuperuser', '--noinput', '--username', 'ada'],
      { ...env, AUTHTOKEN_PASSWORD: 'correct-horse-9' }
    )
    const keyOf = async (name: string, scope: string): Promise<string> => {
      const made = await service.command(['authtoken', 'tokens', 'create', 'ada', '--name', name, '--scope', scope, '--json'], env)
      return (JSON.parse(made.output) as { token: string }).token
    }
    const [own, key] = [await keyOf('remote', 'introspect'), await keyOf('caller', 'orders:read')]
    const app = await startProgram(process.execPath, ['app.js'], /listening at (.+)/, {
      cwd: folder,
      env: { ...process.env, SERVICE_URL: server.found, SERVICE_TOKEN: own }
    })
    try {
      const client = createClient(app.found, '/me')
      const known = await client.request('GET', '/me', { token: key })
      report.equal('it knows its caller', [known.status, known.body], [200, { username: 'ada', scope: 'orders:read' }])
      const unknown = await client.request('GET', '/me', { token: '0'.repeat(40) })
      report.equal('and an unknown one: 401', [unknown.status, unknown.body], [401, { detail: 'Invalid token.' }])
    } finally {
      await app.stop()
    }
    report.equal('it wrote nothing to standard error', app.errors, [])
  } finally {
    await server.stop()
  }
}
