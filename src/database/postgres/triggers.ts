import { getTableColumns, type Table } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import { type AnyPgColumn, getTableConfig, type PgTable, pgTable } from 'drizzle-orm/pg-core'
import { idColumnOf } from '../token-table-options.js'
import { defineTokenTables } from './token-tables.js'

/** What the triggers are made for. */
export interface TriggerOptions {
  /** The column of the users' ids. @default the column `id` */
  id?: AnyPgColumn
  /** The tables of tokens, where they have names of the host's. @default those that `authtokenTables` makes */
  tables?: { authtokenToken: Table, authtokenAccesstoken: Table }
  /** Columns of the users' table whose changes nobody need hear of: those that `request.user` does not have. @default passwords, and the last login */
  ignore?: AnyPgColumn[]
  /** As the host's Drizzle instance has it, for columns without a name of their own. */
  casing?: 'snake_case' | 'camelCase'
}

/** Changes that no identity holds: a new hash, a login. */
const UNHEARD = /^(password|password_?hash|hashed_?password|encrypted_?password|last_?login(_?at)?)$/i

/**
 * What makes PostgreSQL tell of revocations and of changed users, for a migration of the host's: SQL that can be run again
 * (`CREATE OR REPLACE`). With it a node hears of what others do within milliseconds; without, it remembers for a second.
 * It compares what was with what is inside its functions, so that columns can be altered and dropped.
 * @param users the host's table
 */
export function authtokenTriggers (users: PgTable, { id, tables, ignore, casing }: TriggerOptions = {}): string {
  const idColumn: AnyPgColumn = id ?? idColumnOf(users)
  const { authtokenToken, authtokenAccesstoken } = tables ?? defineTokenTables(idColumn, pgTable)
  const cache = new CasingCache(casing)
  const nameOf = (column: AnyPgColumn) => cache.getColumnCasing(column)
  const unheard = (ignore ?? Object.values(getTableColumns(users)).filter(({ name }) => UNHEARD.test(name))).map(nameOf)
  const owner = `"authtoken_notify_user"(${[nameOf(idColumn), ...unheard].map(literal).join(', ')})`
  return [
    FUNCTIONS,
    ...triggers(authtokenToken, '"authtoken_notify_key"()'),
    ...triggers(authtokenAccesstoken, '"authtoken_notify_digest"()', NEWS_OF_ACCESS_TOKEN),
    ...triggers(users, owner)
  ].join('\n--> statement-breakpoint\n')
}

function triggers (table: Table, call: string, when = ''): string[] {
  const { name, schema } = getTableConfig(table as PgTable)
  const on = schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`
  return [
    `CREATE OR REPLACE TRIGGER "authtoken_deleted" AFTER DELETE ON ${on} FOR EACH ROW EXECUTE FUNCTION ${call};`,
    `CREATE OR REPLACE TRIGGER "authtoken_changed" AFTER UPDATE ON ${on} FOR EACH ROW ${when}EXECUTE FUNCTION ${call};`,
    `CREATE OR REPLACE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON ${on} FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();`,
    // Also what logical replication writes.
    `ALTER TABLE ${on} ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";`
  ]
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A use that pushes the expiry on is no news: what is remembered is read again before it is refused. */
const NEWS_OF_ACCESS_TOKEN = `WHEN (
  (OLD.id, OLD.user_id, OLD.kind, OLD.name, OLD.digest, OLD.hint, OLD.scope, OLD.created, OLD.lifetime, OLD.latest, OLD.disabled, OLD.replaced_by)
  IS DISTINCT FROM
  (NEW.id, NEW.user_id, NEW.kind, NEW.name, NEW.digest, NEW.hint, NEW.scope, NEW.created, NEW.lifetime, NEW.latest, NEW.disabled, NEW.replaced_by)
  OR (OLD.expires IS DISTINCT FROM NEW.expires AND (NEW.expires > OLD.expires AND NEW.last_used IS DISTINCT FROM OLD.last_used) IS NOT TRUE)
) `

const FUNCTIONS = `CREATE OR REPLACE FUNCTION "authtoken_notify_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND pg_catalog.to_jsonb(OLD) = pg_catalog.to_jsonb(NEW) THEN RETURN NULL; END IF;
  PERFORM pg_catalog.pg_notify('authtoken', 'digest ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(OLD.key, 'UTF8')), 'hex'));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "authtoken_notify_digest"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('authtoken', 'digest ' || OLD.digest);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Its arguments: the column of the ids, then those whose changes nobody need hear of.
CREATE OR REPLACE FUNCTION "authtoken_notify_user"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  id text := pg_catalog.to_jsonb(OLD) ->> TG_ARGV[0];
BEGIN
  IF TG_OP = 'UPDATE' AND pg_catalog.to_jsonb(OLD) - TG_ARGV[1:] = pg_catalog.to_jsonb(NEW) - TG_ARGV[1:] THEN RETURN NULL; END IF;
  -- A notice has room for 8,000 bytes.
  PERFORM pg_catalog.pg_notify('authtoken', CASE WHEN pg_catalog.octet_length(id) > 1000 THEN 'all' ELSE 'user ' || id END);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "authtoken_notify_all"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('authtoken', 'all');
  RETURN NULL;
END $$;`
