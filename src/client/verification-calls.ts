import type { Static } from '@sinclair/typebox'
import type { batchAnswerSchema, Introspection, MAX_BATCH, MAX_BATCH_BYTES } from '../api/introspection.js'
import type { Requests } from './http-request.js'

/** An introspection with whose token it is. */
export type IdentifiedIntrospection = Static<typeof batchAnswerSchema>['results'][number]

// Copies, whose types hold them equal: to import them would load TypeBox.
const MAX_TOKENS: typeof MAX_BATCH = 1000
const MAX_BYTES: typeof MAX_BATCH_BYTES = 1_048_576
// All of the body but the tokens: {"tokens":[…],"identity":true}, with room to spare.
const ENVELOPE_BYTES = 64

/** What other people's tokens are worth, for callers with the scope `introspect`; and their end. */
export const createVerificationCalls = (request: Requests) => ({
  /** What a token is worth (RFC 7662). */
  introspect: (token: string) => request<Introspection>('POST', '/introspect', { form: { token } }),

  /** What many tokens are worth, in their order, in as many calls as it takes. @param options `identity: true`: with user and token */
  async introspectAll (tokens: readonly string[], { identity = false }: { identity?: boolean } = {}): Promise<IdentifiedIntrospection[]> {
    const results = []
    for (const batch of splitIntoBatches(tokens)) {
      const answer = await request<Static<typeof batchAnswerSchema>>('POST', '/introspect/batch', { json: { tokens: batch, identity } })
      results.push(...answer.results)
    }
    return results
  },

  /** Ends a token that the caller has in hand, and of others' where it is an administrator (RFC 7009). */
  revoke: (token: string) => request<undefined>('POST', '/revoke', { form: { token } })
})

function splitIntoBatches (tokens: readonly string[]): string[][] {
  const batches: string[][] = []
  let bytes = Infinity
  for (const token of tokens) {
    const size = new TextEncoder().encode(JSON.stringify(token)).length + 1
    const last = batches.at(-1)
    if (last === undefined || last.length === MAX_TOKENS || bytes + size > MAX_BYTES) {
      batches.push([token])
      bytes = ENVELOPE_BYTES + size
    } else {
      last.push(token)
      bytes += size
    }
  }
  return batches
}
