import { eq } from 'drizzle-orm'
import t from 'tap'
import { readUserId } from '../../src/database/user-id.js'
import { IDS, isPostgres, logIn, peopleTable, startHost } from '../support/host-tables.js'

const json = (value: unknown) => typeof value === 'bigint' ? String(value) : value

for (const [kind, { column, ids: [ann, bob] }] of Object.entries(IDS)) {
  t.test(`ids that are ${kind}: access tokens live as they do with Django's users`, async (t) => {
    const { app, db, people, tables, authenticate } = await startHost(t, { ids: column, exchange: false, tokens: { limit: 4, sliding: true } })
    const { tokens } = app.authtoken
    const { authtokenAccesstoken: table } = tables
    const [owner, other] = [{ id: ann }, { id: bob }]
    await db.insert(people).values([{ id: ann as number, email: 'ann@example.org' }, { id: bob as number, email: 'bob@example.org' }])

    const made = await tokens.create(owner, { name: 'ci', scope: 'orders:read', expiresIn: 3_600 })
    const others = await tokens.create(other, { name: 'ci' })
    t.match(made, { name: 'ci', kind: 'access', scope: 'orders:read', disabled: false })
    t.match(await authenticate(made.key), { status: 200, token: made.id, userId: json(ann), user: { id: json(ann), email: 'ann@example.org', nickname: null, isActive: true } })
    t.match(await authenticate(others.key), { status: 200, userId: json(bob), user: { email: 'bob@example.org' } })
    t.notOk('passwordHash' in ((await authenticate(made.key)).user ?? {}))
    t.same((await tokens.list(owner, { limit: 10 })).tokens.map(({ id }) => id), [made.id])
    t.match(await tokens.get(owner, made.id), { name: 'ci' })
    t.equal(await tokens.get(other, made.id), null)
    t.equal(await tokens.findOwner(made.id), ann)
    await t.rejects(tokens.create(owner, { name: 'ci' }), { message: 'name: The user has a token of that name already.' })

    t.match(await tokens.update(owner, made.id, { name: 'deploy', scope: '*', disabled: true }), { name: 'deploy', scope: '*', disabled: true })
    t.equal((await authenticate(made.key)).status, 401)
    await tokens.update(owner, made.id, { disabled: false })
    t.equal((await authenticate(made.key)).status, 200)

    const rotated = await tokens.rotate(owner, made.id, { grace: 60 })
    t.same([(await authenticate(made.key)).status, (await authenticate(rotated?.key ?? '')).status], [200, 200], 'the grace period')
    const again = await tokens.rotate(owner, rotated?.id ?? '')
    t.same([(await authenticate(rotated?.key ?? '')).status, (await authenticate(again?.key ?? '')).status], [401, 200])
    t.equal(await tokens.rotate(other, again?.id ?? ''), null)

    const more = [await tokens.create(owner), await tokens.create(owner), await tokens.create(owner)]
    await t.rejects(tokens.create(owner), { code: 'AUTHTOKEN_TOKEN_LIMIT' })
    t.equal(await tokens.revoke(other, again?.id ?? ''), false)
    t.equal(await tokens.revoke(owner, more[0]?.id ?? ''), true)
    t.match(await tokens.create(owner, { name: 'room again' }), { name: 'room again' })

    await db.update(table).set({ expires: new Date(Date.now() - 1_000) }).where(eq(table.id, again?.id ?? ''))
    t.equal((await authenticate(again?.key ?? '')).status, 401, 'it has expired')
    t.equal(await tokens.prune(new Date(), 10) >= 1, true)
    t.equal(await tokens.get(owner, again?.id ?? ''), null)

    const drf = await tokens.getOrCreate(owner)
    await tokens.revokeAll(owner, { keep: drf.id })
    t.match(await tokens.list(owner, { limit: 10 }), { count: 1, tokens: [{ id: drf.id }] })
    const kept = await tokens.create(owner, { expiresIn: 3_600 })
    await tokens.revokeAll(owner, { keep: kept.id })
    t.match(await tokens.list(owner, { limit: 10 }), { count: 1, tokens: [{ id: kept.id }] })
    t.equal((await authenticate(others.key)).status, 200, "another's tokens stay")

    // As if it were about to end: the use pushes it.
    await db.update(table).set({ expires: new Date(Date.now() + 60_000) }).where(eq(table.id, kept.id))
    t.equal((await authenticate(kept.key)).status, 200)
    await app.close()
    const [row] = await db.select().from(table).where(eq(table.id, kept.id))
    t.ok(row?.lastUsed instanceof Date, 'the last use is written')
    t.ok((row?.expires?.getTime() ?? 0) > Date.now() + 3_000_000, 'it slid')
    t.equal(json(row?.userId), json(ann))
  })

  t.test(`ids that are ${kind}: DRF tokens, the exchange, and what goes with its user`, async (t) => {
    const { app, db, people, tables, authenticate } = await startHost(t, {
      ids: column,
      verifyCredentials: async (email, password) => {
        const [row] = await db.select().from(people).where(eq(people.email, email))
        return password === 'right' ? row ?? null : null
      }
    })
    const { tokens } = app.authtoken
    await db.insert(people).values([{ id: ann as number, email: 'ann@example.org' }, { id: bob as number, email: 'bob@example.org' }])
    const exchange = async (email: string, more = {}) => (await logIn(app, email, 'right', more)).json().token as string

    const key = await exchange('ann@example.org')
    t.match(key, /^[0-9a-f]{40}$/)
    t.equal(await exchange('ann@example.org'), key, 'the same each time')
    t.match(await authenticate(key), { status: 200, token: `drf-${ann}`, userId: json(ann) })
    t.match(await tokens.get({ id: ann }, `drf-${ann}`), { id: `drf-${ann}`, kind: 'drf' })
    t.equal(await tokens.get({ id: bob }, `drf-${ann}`), null)
    t.equal(await tokens.findOwner(`drf-${ann}`), ann)
    t.equal(await tokens.findOwner(`drf-${bob}`), null)
    t.match(await tokens.find({ id: ann }), { key })
    const replaced = await tokens.replace({ id: ann })
    t.same([(await authenticate(key)).status, (await authenticate(replaced.key)).status], [401, 200])
    t.equal(await exchange('ann@example.org'), replaced.key)
    t.match(await tokens.rotate({ id: ann }, `drf-${ann}`), { kind: 'drf' })

    const login = await exchange('ann@example.org', { name: 'phone' })
    const bobs = await exchange('bob@example.org')
    t.match(await tokens.createMissing().next(), { done: true })
    t.match(await authenticate(login), { status: 200, userId: json(ann) })
    const { key: present } = await tokens.getOrCreate({ id: ann })
    await db.delete(people).where(eq(people.id, ann as number))
    t.same([(await authenticate(present)).status, (await authenticate(login)).status, (await authenticate(bobs)).status], [401, 401, 200])
    t.same([await db.$count(tables.authtokenToken), await db.$count(tables.authtokenAccesstoken)], [1, 0])
    await t.rejects(tokens.getOrCreate({ id: ann }), { code: 'AUTHTOKEN_NOT_FOUND' })
    await t.rejects(tokens.create({ id: ann }), { code: 'AUTHTOKEN_NOT_FOUND' })
    t.equal(await tokens.revoke({ id: bob }, `drf-${bob}`), true)
    t.match(await tokens.createMissing().next(), { value: 1 })
  })
}

t.test('an id is read out of text as its column holds it', async (t) => {
  const read = (kind: string, text: string) => readUserId({ id: peopleTable(IDS[kind]?.column).id as never }, text)
  t.equal(read('integer', '2147483647'), 2_147_483_647)
  t.equal(read('integer', '2147483648'), isPostgres ? null : 2_147_483_648)
  t.equal(read('big integer', String(Number.MAX_SAFE_INTEGER)), Number.MAX_SAFE_INTEGER)
  t.equal(read('big integer', '9007199254740993'), null, 'no number that it would be taken for')
  for (const text of ['', '1.5', '1e3', ' 1', 'one', '0x1']) t.equal(read('integer', text), null, text)
  t.equal(read('text', 'Ω'), 'Ω')
  for (const text of ['', 'a\0b']) t.equal(read('text', text), null)
  if (!isPostgres) return
  t.equal(read('uuid', '0198C2A4-7D3E-7000-8F00-3B9ACA00ABCD'), '0198c2a4-7d3e-7000-8f00-3b9aca00abcd')
  t.equal(read('uuid', 'nobody'), null)
  t.equal(read('big integer, as bigint', '9223372036854775807'), 9_223_372_036_854_775_807n)
  t.equal(read('big integer, as bigint', '9223372036854775808'), null)
})
