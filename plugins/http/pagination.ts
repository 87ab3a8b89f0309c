import type { FastifyRequest } from 'fastify'
import { NotFound, validationError } from '../../src/errors.js'
import { DEFAULT_SIZE, MAX_SIZE, type PagesQuery } from '../../src/api/list-query.js'

const MAX_PAGE = 1_000_000
const KEPT = ['page_size', 'search']

/** Which page is asked for. @throws NotFound for a page that can't be, ValidationError for a size that can't be */
export function readPage (query: PagesQuery): { number: number, size: number } {
  const number = readNumber(query.page ?? '1', MAX_PAGE)
  const size = readNumber(query.page_size ?? String(DEFAULT_SIZE), MAX_SIZE)
  if (number === null) throw new NotFound('Invalid page.')
  if (size === null) throw validationError({ page_size: [`Enter a whole number from 1 to ${MAX_SIZE}.`] })
  return { number, size }
}

function readNumber (text: string, max: number): number | null {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= max ? number : null
}

/** The answer of a list. @throws NotFound for a page behind the last, as DRF */
export function paginate<Item> (request: FastifyRequest, { number, size, count }: { number: number, size: number, count: number }, results: Item[]) {
  const last = Math.max(1, Math.ceil(count / size))
  if (number > last) throw new NotFound('Invalid page.')
  return {
    count,
    next: number < last ? link(request, number + 1) : null,
    previous: number > 1 ? link(request, number - 1) : null,
    results
  }
}

function link (request: FastifyRequest, page: number): string {
  const [path = '', query = ''] = request.url.split('?', 2)
  // What else a client wrote there is not repeated: it may be a token.
  const parameters = new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => KEPT.includes(name)))
  if (page > 1) parameters.set('page', String(page))
  const rest = parameters.size === 0 ? '' : `?${parameters.toString()}`
  return `${request.protocol}://${request.host}${path}${rest}`
}
