import { type Static, type TSchema, Type } from '@sinclair/typebox'

/** Items of a page where nobody says otherwise, and at most. */
export const DEFAULT_SIZE = 100
export const MAX_SIZE = 1000

/** The query of a list. */
export const pagesSchema = Type.Object({
  page: Type.Optional(Type.String({ description: 'From 1.' })),
  page_size: Type.Optional(Type.String({ description: `From 1 to ${MAX_SIZE}; ${DEFAULT_SIZE} by default.` }))
})

/** A page of a list, as DRF's `PageNumberPagination` answers. */
export const pageSchema = <Item extends TSchema>(item: Item) => Type.Object({
  count: Type.Integer(),
  next: Type.Union([Type.String(), Type.Null()]),
  previous: Type.Union([Type.String(), Type.Null()]),
  results: Type.Array(item)
})

export type PagesQuery = Static<typeof pagesSchema>
