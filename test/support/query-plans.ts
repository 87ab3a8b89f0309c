import SQLite from 'better-sqlite3'
import pg from 'pg'
import type { Test } from 'tap'

/** A statement that was run. */
export interface Statement {
  text: string
  /** PostgreSQL: its values, on which a plan may depend. */
  values: unknown[]
}

/** How a statement reads a table from one end to the other. */
export interface Scan {
  /** The statement, in one form for both kinds of databases. */
  statement: string
  /** What of its plan it is. */
  step: string
}

// What else is run has no plan: settings, transactions, what makes tables.
const PLANNED = /^\s*(select|insert|update|delete|with)\b/i
const OF_USERS_OR_TOKENS = /\b(auth_user|authtoken_token|authtoken_accesstoken)\b/

/** Records each statement about users or tokens that this process runs from now on, on either kind of database, until the test ends. */
export function recordStatements (t: Test): Statement[] {
  const statements: Statement[] = []
  const record = (text: string, values: unknown[] = []) => {
    if (PLANNED.test(text) && OF_USERS_OR_TOKENS.test(text)) statements.push({ text, values })
  }

  const memory = new SQLite(':memory:')
  const prototype = Object.getPrototypeOf(memory.prepare('select 1'))
  memory.close()
  for (const method of ['run', 'get', 'all', 'iterate']) {
    replace(t, prototype, method, (original) => function (this: SQLite.Statement, ...args) {
      record(this.source)
      return original.apply(this as never, args)
    })
  }
  replace(t, pg.Client.prototype, 'query', (original) => function (this: pg.Client, ...args) {
    const [query, values] = args as [string | pg.QueryConfig, unknown[]?]
    if (typeof query === 'string') record(query, Array.isArray(values) ? values : [])
    else record(query.text, query.values ?? (Array.isArray(values) ? values : []))
    return original.apply(this as never, args)
  })
  return statements
}

type Method = (this: never, ...args: unknown[]) => unknown

function replace (t: Test, prototype: object, name: string, make: (original: Method) => Method): void {
  const methods = prototype as Record<string, Method>
  const original = methods[name] as Method
  methods[name] = make(original)
  t.teardown(() => { methods[name] = original })
}

/**
 * Asks a database how it would run statements.
 * @param url of one with many rows
 * @returns the ways in which whole tables, or whole indices, of users or tokens would be read; each once
 */
export async function findScans (url: string, statements: Statement[]): Promise<Scan[]> {
  const scans = new Map<string, Scan>()
  const distinct = [...new Map(statements.map((statement) => [statement.text, statement])).values()]
  const steps = url.startsWith('file:') ? await sqliteScans(url.slice('file:'.length), distinct) : await postgresScans(url, distinct)
  for (const { statement: { text }, step } of steps) {
    const statement = text.replaceAll(/["`]/g, '').replaceAll(/\$\d+/g, '?').replaceAll(/\s+/g, ' ').replace(' as count ', ' ')
      .replace(/;$/, '')
    scans.set(`${statement} ${step}`, { statement, step })
  }
  return [...scans.values()]
}

interface Step { statement: Statement, step: string }

/** `SCAN` is a table or an index from one end to the other; `SEARCH` is a part of it. */
async function sqliteScans (path: string, statements: Statement[]): Promise<Step[]> {
  const client = new SQLite(path)
  try {
    // Most files have no statistics; some have.
    const steps = []
    for (const analyze of [false, true]) {
      if (analyze) client.exec('analyze')
      for (const statement of statements) {
        const plan = client.prepare(`explain query plan ${statement.text}`)
        const rows = plan.all(...Array(parameters(statement.text)).fill(null)) as Array<{ detail: string }>
        steps.push(...rows.filter(({ detail }) => detail.startsWith('SCAN') && OF_USERS_OR_TOKENS.test(detail))
          .map(({ detail }) => ({ statement, step: detail })))
      }
    }
    return steps
  } finally {
    client.close()
  }
}

const parameters = (text: string): number => text.replaceAll(/'[^']*'/g, '').split('?').length - 1

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  Plans?: PlanNode[]
}

/** An index without a condition is read as a whole, as a table is. */
async function postgresScans (url: string, statements: Statement[]): Promise<Step[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    // A batch is a large share of the few rows here: with millions nobody would read the whole table for it.
    await client.query('set enable_hashjoin = off; set enable_mergejoin = off')
    const steps = []
    for (const statement of statements) {
      const { rows: [row] } = await client.query(`explain (format json) ${statement.text}`, statement.values)
      for (const node of nodesOf(row['QUERY PLAN'][0].Plan)) {
        const isScan = node['Node Type'] === 'Seq Scan' || (node['Node Type'].includes('Index') && node['Index Cond'] === undefined)
        // Indices are called by their tables.
        const name = node['Index Name'] ?? node['Relation Name'] ?? ''
        if (isScan && /^auth(_user|token_token|token_accesstoken)/.test(name)) {
          steps.push({
            statement,
            step: `${node['Node Type']} ${name}`
          })
        }
      }
    }
    return steps
  } finally {
    await client.end()
  }
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]
