import t from 'tap'
import { CachedIdentity, identityAt } from '../../../src/authentication/cached-identity.js'
import type { Token, User } from '../../../src/identity/identity.js'

const NAMES = ['first', 'second', 'third']

const token = (): Token => ({
  id: 'aB3',
  kind: 'access',
  name: 'naïve 😀 "quoted"',
  hint: null,
  scope: 'a b',
  created: new Date('2029-01-01T00:00:00.123Z'),
  expires: new Date('2030-01-01T00:00:00Z'),
  lastUsed: null,
  disabled: false,
  replacedBy: 'x'
})

function cached (row: object, changes: Partial<Token> = {}): CachedIdentity {
  const account = { userId: 7, user: row as User, isActive: true, isStaff: false, isSuperuser: true }
  return new CachedIdentity(account, { ...token(), ...changes }, { lifetime: 60, notAfter: new Date('2031-01-01T00:00:00Z') }, NAMES)
}

t.test('what is packed comes back as it was', (t) => {
  for (const row of [
    { first: '', second: '\ud800', third: 0 },
    { first: -1.5, second: 2 ** 53, third: true },
    { first: false, second: null, third: new Date(0) }
  ]) {
    const identity = cached(row)
    identity.pack()
    t.same(identity.open(), { token: token(), user: row })
    t.match(identity, { isActive: true, isStaff: false, isSuperuser: true, isDisabled: false, isRecorded: true, userKey: '7' })
    t.same(identity.expiry, { expires: token().expires, lifetime: 60, notAfter: new Date('2031-01-01T00:00:00Z') })
  }
  t.end()
})

t.test('values that are not of JSON stay as they are', (t) => {
  for (const odd of [1n, Buffer.from('x'), { a: 1 }, [1], undefined, NaN, Infinity, new Date(NaN)]) {
    const identity = cached({ first: 'x', second: odd, third: null })
    identity.pack()
    const { user } = identity.open() as unknown as { user: { second: unknown } }
    t.ok(Object.is(user.second, odd), String(odd))
  }
  t.end()
})

t.test('each use gets a user and a token of its own, which it may write to', (t) => {
  const identity = cached({ first: new Date(0), second: 'x', third: null })
  identity.pack()
  const [one, other] = [identityAt(identity, 0), identityAt(identity, 0)]
  t.equal(one?.user, one?.user)
  t.not(one?.user, other?.user)
  Object.assign(one?.user as object, { second: 'y' })
  one?.token.created?.setTime(0)
  t.match(other?.user, { second: 'x' })
  t.same(other?.token, token())
  t.end()
})

t.test('a token that is disabled, or over, lets nobody in', (t) => {
  const end = Date.parse('2030-01-01T00:00:00Z')
  t.ok(identityAt(cached({}), end - 1))
  t.equal(identityAt(cached({}), end), null)
  t.equal(identityAt(cached({}, { disabled: true }), 0), null)
  t.ok(identityAt(cached({}, { expires: null }), end))
  t.equal(identityAt(undefined, 0), null)
  t.end()
})
