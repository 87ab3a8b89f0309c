/** A program from the README, made ready to run. */
export interface Snippet {
  code: string
  /** The first path that it answers. */
  path: string
  /** The database that it opens. */
  database: string
}

/**
 * The first TypeScript block of a page that uses the package.
 * @param port put in the place of the block's own
 * @throws where there is no such block, or it is not what can be run here
 */
export function findSnippet (page: string, port: number): Snippet {
  const block = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string)
    .find((text) => text.includes("from 'fastify-authtoken'"))
  if (block === undefined) throw new Error("README.md has no ```ts block with from 'fastify-authtoken'")
  const code = block.replace(/\bport: *\d+/, `port: ${port}`)
  const path = /\.get\('(\/[^']*)'/.exec(code)?.[1]
  const database = /'(file:[^']+)'/.exec(code)?.[1]
  if (code === block) throw new Error('the block listens on no port: <number>')
  if (path === undefined || database === undefined) throw new Error("the block has no .get('/…') or no 'file:…'")
  return { code, path, database }
}
