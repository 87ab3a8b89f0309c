import { getTableColumns, type Table } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import { type AnyPgColumn, type PgTable, pgTable } from 'drizzle-orm/pg-core'
import { idColumnOf } from '../user-id.js'
import { identifier, literal, qualifiedName } from './quoting.js'
import { defineTokenTables } from './token-tables.js'

export interface TriggerOptions {
  /** The column of the users' ids. @default the column `id` */
  id?: AnyPgColumn
  /** The tables of tokens, where they have names of the host's. @default those that `authtokenTables` makes */
  tables?: { authtokenToken: Table, authtokenAccesstoken: Table }
  /** Columns of users whose changes nobody need hear of, as `request.user` has them not. @default passwords, and the last login */
  ignore?: AnyPgColumn[]
  /** As the host's Drizzle instance has it, for columns without a name of their own. */
  casing?: 'snake_case' | 'camelCase'
}

/**
 * What makes PostgreSQL tell of revocations and of changed users, for a migration of the host's: SQL that can be run again
 * (`CREATE OR REPLACE`). With it a node hears of what others do within milliseconds; without, it remembers for a second.
 * It compares what was with what is inside its functions, so that columns can be altered and dropped.
 */
export function authtokenTriggers (users: PgTable, { id, tables, ignore, casing }: TriggerOptions = {}): string {
  const idColumn: AnyPgColumn = id ?? idColumnOf(users)
  const { authtokenToken, authtokenAccesstoken } = tables ?? defineTokenTables(idColumn, pgTable)
  const cache = new CasingCache(casing)
  const ignored = ignore ?? Object.values(getTableColumns(users)).filter(({ name }) => IGNORED.test(name))
  const columns = [idColumn, ...ignored].map((column) => literal(cache.getColumnCasing(column)))
  return [
    FUNCTIONS,
    ...triggersOn(authtokenToken, '"authtoken_notify_key"()'),
    ...triggersOn(authtokenAccesstoken, '"authtoken_notify_digest"()', ACCESS_TOKEN_CHANGED),
    ...triggersOn(users, `"authtoken_notify_user"(${columns.join(', ')})`)
  ].join('\n--> statement-breakpoint\n')
}

const NAMES = { deleted: 'authtoken_deleted', changed: 'authtoken_changed', truncated: 'authtoken_truncated' }

export const TRIGGER_NAMES = Object.values(NAMES)

function triggersOn (table: Table, call: string, when = ''): string[] {
  const on = qualifiedName(table)
  const create = (name: string, event: string, action: string) =>
    `CREATE OR REPLACE TRIGGER ${identifier(name)} AFTER ${event} ON ${on} ${action};`
  return [
    create(NAMES.deleted, 'DELETE', `FOR EACH ROW EXECUTE FUNCTION ${call}`),
    create(NAMES.changed, 'UPDATE', `FOR EACH ROW ${when}EXECUTE FUNCTION ${call}`),
    create(NAMES.truncated, 'TRUNCATE', 'FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"()'),
    // Also what logical replication writes.
    `ALTER TABLE ${on} ${TRIGGER_NAMES.map((name) => `ENABLE ALWAYS TRIGGER ${identifier(name)}`).join(', ')};`
  ]
}

/** Changes that no identity holds: a new hash, a login. */
const IGNORED = /^(password|password_?hash|hashed_?password|encrypted_?password|last_?login(_?at)?)$/i

const HEARD = ['id', 'user_id', 'kind', 'name', 'digest', 'hint', 'scope', 'created', 'lifetime', 'latest', 'disabled', 'replaced_by']

/** A use that pushes the expiry on is no news: what is remembered is read again before it is refused. */
const ACCESS_TOKEN_CHANGED = `WHEN (
  (${HEARD.map((column) => `OLD.${column}`).join(', ')})
  IS DISTINCT FROM
  (${HEARD.map((column) => `NEW.${column}`).join(', ')})
  OR (OLD.expires IS DISTINCT FROM NEW.expires AND (NEW.expires > OLD.expires AND NEW.last_used IS DISTINCT FROM OLD.last_used) IS NOT TRUE)
) `

const KEY_DIGEST = "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(OLD.key, 'UTF8')), 'hex')"

const FUNCTIONS = `CREATE OR REPLACE FUNCTION "authtoken_notify_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND pg_catalog.to_jsonb(OLD) = pg_catalog.to_jsonb(NEW) THEN RETURN NULL; END IF;
  PERFORM pg_catalog.pg_notify('authtoken', 'digest ' || ${KEY_DIGEST});
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
