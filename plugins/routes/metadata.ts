import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import type { PublicAddress } from '../http/public-address.js'

/** Options of `metadata`. */
interface MetadataOptions extends Pick<PublicAddress, 'issuerOf'> { keywords: string[] }

const PATH = '/.well-known/oauth-authorization-server'
const config = { authtoken: false as const }
const names = Type.Array(Type.String())

const metadataSchema = Type.Object({
  issuer: Type.String(),
  response_types_supported: names,
  grant_types_supported: names,
  introspection_endpoint: Type.String(),
  introspection_endpoint_auth_methods_supported: names,
  revocation_endpoint: Type.String(),
  revocation_endpoint_auth_methods_supported: names
})

const schema = {
  tags: ['verification'],
  summary: 'Where introspection and revocation are (RFC 8414)',
  security: [],
  response: { 200: metadataSchema }
}

/** Where introspection and revocation are (RFC 8414). No OAuth flow is offered: no response type and no grant type. */
export default async function metadata (app: FastifyInstance, { keywords, issuerOf }: MetadataOptions): Promise<void> {
  app.get(PATH, { config, schema }, async (request) => {
    const issuer = issuerOf(request)
    return {
      issuer,
      response_types_supported: [],
      grant_types_supported: [],
      introspection_endpoint: `${issuer}/introspect`,
      introspection_endpoint_auth_methods_supported: keywords,
      revocation_endpoint: `${issuer}/revoke`,
      revocation_endpoint_auth_methods_supported: keywords
    }
  })
  methodNotAllowed(app, PATH, ['GET'], { config })
}
