/** How many rows a list has in all. They are counted, which costs a pass over them, where the page that was found is not the last. */
export async function countAll (page: unknown[], { limit, offset }: Section, count: () => Promise<number>): Promise<number> {
  const isLast = page.length < limit && (page.length > 0 || offset === 0)
  return isLast ? offset + page.length : await count()
}

interface Section { limit: number, offset: number }
