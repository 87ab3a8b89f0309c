import type { FastifyRequest } from 'fastify'
import { NotFound, validationError } from '../../src/errors.js'
import { DEFAULT_SIZE, MAX_SIZE, type PagesQuery } from '../../src/api/list-query.js'
import type { AddressedRequest, PublicAddress } from './public-address.js'

const MAX_PAGE = 1_000_000
type Part = { limit: number, offset: number }
type ListRequest = Pick<FastifyRequest, 'url'> & AddressedRequest & { query: PagesQuery }

/**
 * Answers a page of a list, as DRF's `PageNumberPagination`.
 * @param read reads that part of the list, and how long all of it is
 * @param baseOf what goes before the paths of `next` and `previous`
 * @throws NotFound for a page that is not there, ValidationError for a size that can't be
 */
export async function paginate<Item> (
  request: ListRequest, baseOf: PublicAddress['baseOf'], read: (part: Part) => Promise<{ count: number, results: Item[] }>
) {
  const page = readNumber(request.query.page ?? '1', MAX_PAGE)
  const size = readNumber(request.query.page_size ?? String(DEFAULT_SIZE), MAX_SIZE)
  if (page === null) throw new NotFound('Invalid page.')
  if (size === null) throw validationError({ page_size: [`Enter a whole number from 1 to ${MAX_SIZE}.`] })
  const { count, results } = await read({ limit: size, offset: (page - 1) * size })
  const last = Math.max(1, Math.ceil(count / size))
  if (page > last) throw new NotFound('Invalid page.')
  return {
    count,
    next: page < last ? link(baseOf(request), request.url, page + 1) : null,
    previous: page > 1 ? link(baseOf(request), request.url, page - 1) : null,
    results
  }
}

function readNumber (text: string, max: number): number | null {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= max ? number : null
}

function link (base: string, url: string, page: number): string {
  const [path = '', query = ''] = url.split('?', 2)
  // What else a client wrote there is not repeated: it may be a token.
  const kept = [...new URLSearchParams(query)].filter(([name]) => name === 'page_size' || name === 'search')
  const parameters = new URLSearchParams(kept)
  if (page > 1) parameters.set('page', String(page))
  const rest = parameters.size === 0 ? '' : `?${parameters.toString()}`
  return `${base}${path}${rest}`
}
