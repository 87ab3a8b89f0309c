import { generateKeyPairSync, randomBytes } from 'node:crypto'
import jwt from '@fastify/jwt'
import { addRoute, createApp, listen } from '../fastify/hello-route.js'

const { ALGORITHM: algorithm, CACHE } = process.env

const PAIRS = { RS256: ['rsa', { modulusLength: 2048 }], EdDSA: ['ed25519', {}] }

function secretOf (algorithm) {
  if (algorithm === 'HS256') return randomBytes(32)
  const [kind, options] = PAIRS[algorithm]
  return generateKeyPairSync(kind, {
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
}

const secret = secretOf(algorithm)
const app = createApp()
await app.register(jwt, {
  secret: secret.privateKey === undefined ? secret : { private: secret.privateKey, public: secret.publicKey },
  sign: { algorithm, expiresIn: '1h' },
  verify: { algorithms: [algorithm], cache: CACHE === 'true' }
})
addRoute(app, { onRequest: (request) => request.jwtVerify() })
await app.ready()
await listen(app, `Bearer ${app.jwt.sign({ sub: '1', username: 'ann' })}`)
