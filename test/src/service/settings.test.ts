import t from 'tap'
import { loadSettings, settingsSchema } from '../../../src/service/settings.js'

t.test('the defaults are a service on loopback with a file beside it', async (t) => {
  const settings = loadSettings({ PATH: '/bin', PORT: '' })
  t.match(settings, { HOST: '127.0.0.1', PORT: 8000, DATABASE_URL: 'file:./authtoken.db', ADMINISTRATORS: 'superuser', KEYWORDS: ['Token'] })
  t.notOk('PATH' in settings)
  t.ok(Object.isFrozen(settings))
})

t.test('numbers are read from text', async (t) => {
  t.match(loadSettings({ PORT: '0', PASSWORD_CONCURRENCY: '3', KEYWORDS: 'Token,Bearer' }), { PORT: 0, PASSWORD_CONCURRENCY: 3, KEYWORDS: ['Token', 'Bearer'] })
})

t.test('all that is wrong is named at once, with what would be right, and never its value', async (t) => {
  const wrong = Object.fromEntries(Object.keys(settingsSchema.properties).map((name) => [name, name === 'HOST' ? undefined : ' s3cret ']))
  try {
    loadSettings(wrong)
    t.fail('accepted')
  } catch (error) {
    const { message, code } = error as Error & { code: string }
    t.equal(code, 'AUTHTOKEN_INVALID_SETTINGS')
    t.notMatch(message, 's3cret')
    for (const name of Object.keys(settingsSchema.properties)) if (name !== 'HOST') t.match(message, `${name} must be`, name)
    t.match(message, 'PORT must be a whole number from 0 to 65535')
    t.match(message, 'ADMINISTRATORS must be one of superuser, staff')
    t.match(message, 'DATABASE_URL must be file:<path>')
    t.match(message, 'KEYWORDS must be one or more words')
  }
})

t.test('workers are counted from 1, and share no database that is in memory alone', async (t) => {
  t.equal(loadSettings({}).WORKERS, 1)
  t.equal(loadSettings({ WORKERS: '1', DATABASE_URL: 'file::memory:' }).WORKERS, 1)
  t.equal(loadSettings({ WORKERS: '256' }).WORKERS, 256)
  const message = 'WORKERS must be a whole number from 1 to 256, and 1 with file::memory:, which no other process sees'
  for (const WORKERS of ['0', '-1', '1.5', 'abc', '257']) t.throws(() => loadSettings({ WORKERS }), { message }, WORKERS)
  t.throws(() => loadSettings({ WORKERS: '2', DATABASE_URL: 'file::memory:' }), { message })
})
