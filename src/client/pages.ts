import type { Call, Requests } from './http-request.js'

/** A page of a list. */
export interface Page<Item> {
  /** Items of all pages. */
  count: number
  /** The address of the next page, or null: it is the last. */
  next: string | null
  previous: string | null
  results: Item[]
}

/** Which page. */
export interface PageOptions {
  /** From 1. @default 1 */
  page?: number
  /** From 1 to 1000. @default 100 */
  page_size?: number
}

/** The items of all pages of a list, one after the other. */
export async function * iteratePages<Item> (
  request: Requests, path: string, query: Call['query'] = {}
): AsyncGenerator<Item, void, undefined> {
  let page = 0
  let next: string | null
  do {
    const answer = await request<Page<Item>>('GET', path, { query: { page_size: 1_000, ...query, page: ++page } })
    yield * answer.results
    next = answer.next
  } while (next !== null)
}
