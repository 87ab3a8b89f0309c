import t from 'tap'
import { pack, unpack } from '../../../src/authentication/packed.js'

t.test('packed values come back as they were', (t) => {
  const values = ['naïve 😀 "quoted"', '', '\ud800', 0, -1.5, 2 ** 53, true, false, null, new Date('2029-01-01T00:00:00.123Z')]
  const packed = pack(values)
  t.type(packed, 'string')
  t.same(unpack(packed), values)
  t.not(unpack(packed)[9], unpack(packed)[9], 'dates are new ones each time')
  t.end()
})

t.test('where one of them is not of JSON, all stay as they are', (t) => {
  for (const odd of [1n, Buffer.from('x'), { a: 1 }, [1], undefined, NaN, Infinity, new Date(NaN)]) {
    const values = ['x', odd]
    t.equal(pack(values), values)
    t.equal(unpack(values), values)
  }
  t.end()
})
