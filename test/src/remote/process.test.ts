import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { makeUser } from '../../support/users.js'
import { withoutCoverage } from '../../support/without-coverage.js'
import { startService } from '../../support/remote-service.js'

const CHILD = join(import.meta.dirname, 'children/app.ts')

for (const state of ['is there', 'is gone']) {
  t.test(`a process ends by itself once its application is closed, while the service ${state}`, async (t) => {
    const service = await startService(t)
    const { token } = await makeUser(service.authtoken, 'ann')
    const child = execFile(...withoutCoverage(process.execPath, '--import', 'tsx', CHILD, service.url, service.introspector.key, token.key))
    t.teardown(() => { child.kill('SIGKILL') })
    let output = ''
    child.stdout?.on('data', (chunk) => { output += chunk })
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
    if (state === 'is gone') await service.server.close()
    const ended = once(child, 'exit')
    child.stdin?.write('close\n')
    t.same(await ended, [0, null])
    t.equal(output, '{"user":"ann"}\nclosed\n')
  })
}
