import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { methodNotAllowed } from '../http/method-not-allowed.js'

/** Options of `metadata`. */
export interface MetadataOptions {
  /** Keywords of the `Authorization` header with which callers authenticate. */
  keywords: string[]
}

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

/** Where introspection and revocation are (RFC 8414). No OAuth flow is offered: no response type and no grant type. */
const metadata: FastifyPluginAsync<MetadataOptions> = async (app, { keywords }) => {
  app.get(PATH, {
    config,
    schema: { tags: ['verification'], summary: 'Where introspection and revocation are (RFC 8414)', security: [], response: { 200: metadataSchema } }
  }, async ({ protocol, host }) => {
    const issuer = `${protocol}://${host}`
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

export default metadata
