import t from 'tap'
import { createGenerations } from '../../../src/authentication/generations.js'

t.test('what was read before a change of its user, its token or of all is outdated, and nothing else', (t) => {
  const { isOutdated, onChange } = createGenerations()
  t.equal(isOutdated(0, 'd1', '1'), false)
  onChange({ user: '1' })
  t.equal(isOutdated(0, 'd1', '1'), true)
  t.equal(isOutdated(0, 'd1'), false, 'nobody had the token')
  t.equal(isOutdated(0, 'd2', '2'), false)
  t.equal(isOutdated(1, 'd1', '1'), false)
  onChange({ digest: 'd2' })
  t.equal(isOutdated(1, 'd2', '2'), true)
  t.equal(isOutdated(1, 'd2'), true)
  t.equal(isOutdated(1, 'd3', '2'), false)
  onChange('all')
  t.equal(isOutdated(2, 'd3', '3'), true)
  t.equal(isOutdated(2, 'd3'), true)
  t.equal(isOutdated(3, 'd3', '3'), false)
  t.end()
})

t.test('however many change, no change is forgotten, and those of the last ones cost the others nothing', (t) => {
  const MOST = 8
  const USERS = 20
  const generations = createGenerations(MOST)
  const lastChange = new Map<string, number>()
  // The same numbers at each run.
  let state = 1
  const random = (below: number): number => {
    state = state * 48_271 % 2_147_483_647
    return state % below
  }
  let kept = 0
  for (let change = 1; change <= 2_000; change++) {
    const user = String(random(USERS))
    generations.onChange({ user })
    lastChange.delete(user)
    lastChange.set(user, change)
    const forgotten = [...lastChange.values()].slice(0, -MOST)
    for (const [other, last] of lastChange) {
      const read = random(change + 1)
      const isOutdated = generations.isOutdated(read, 'digest', other)
      if (read < last && !isOutdated) t.fail(`user ${other}, read at ${read}, changed at ${last}`)
      if (read >= last && isOutdated && read >= Math.max(0, ...forgotten)) t.fail(`user ${other}, read at ${read}, changed at ${last}, none forgotten since`)
      if (!isOutdated) kept++
    }
  }
  t.ok(kept > 100)
  t.end()
})
