import t from 'tap'
import { recordedDatabase } from '../../support/fixtures.js'
import { type Case, cases, createReplay, listenForCases } from '../../support/conformance.js'
import { exchange, type RawResponse } from '../../support/raw-http.js'

const FREE_CASES_WANTED = 25

/** Whatever else differs: no 5xx, no silence, and nobody let in whom DRF keeps out. */
function isUnsafe ({ response: want }: Case, got: RawResponse): boolean {
  const keptOut = [401, 403].includes(want.status) || /Unable to log in/.test(JSON.stringify(want.json ?? ''))
  return got.status >= 500 || got.status === 0 || (got.status < 300 && keptOut)
}

t.test('requests that were recorded with the real DRF get the same answers', async (t) => {
  const { port } = await listenForCases(t, await recordedDatabase(t))
  const { keys, bytesOf, differences } = createReplay()

  let free = 0
  for (const one of cases) {
    const got = await exchange(port, bytesOf(one.request))
    if (one.name === 'login-creates-missing-token') keys.set('notoken', JSON.parse(got.text).token)
    const found = differences(one, got)
    if (one.tier === 'must') t.same(found, [], one.name)
    else if (found.length === 0) free++
    t.notOk(isUnsafe(one, got), `${one.name} is safe`)
  }
  t.ok(free >= FREE_CASES_WANTED, `${free} of ${cases.filter(({ tier }) => tier === 'free').length} free cases are the same`)
})
