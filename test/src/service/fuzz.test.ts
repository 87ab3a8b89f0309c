import t from 'tap'
import { fuzz } from '../../system/fuzz/fuzz.js'

const SEED = 20261124

t.test('a short run of mutated requests finds no 5xx, no crash and no secret in the log', { timeout: 120_000 }, async (t) => {
  const { findings, statuses, logLines } = await fuzz({ requests: 800, seed: SEED })
  t.same(findings, [])
  for (const status of [200, 400, 401, 404, 405, 415]) t.ok((statuses[status] ?? 0) > 0, `${status} among the answers: the requests reach deep`)
  t.ok(logLines > 0)
})
