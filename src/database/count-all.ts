/**
 * How many rows a list has in all. Nothing is counted where the page is the last one: that costs a pass over all that match.
 * @param page the rows that were found
 * @param count counts them
 */
export async function countAll (page: unknown[], { limit, offset }: Section, count: () => Promise<number>): Promise<number> {
  const isLast = page.length < limit && (page.length > 0 || offset === 0)
  return isLast ? offset + page.length : await count()
}

interface Section { limit: number, offset: number }
