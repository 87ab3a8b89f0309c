CREATE OR REPLACE FUNCTION "authtoken_notify_key"() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_deleted" AFTER DELETE ON "authtoken_token" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_key"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_changed" AFTER UPDATE ON "authtoken_token" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_key"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "authtoken_token" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();
--> statement-breakpoint
ALTER TABLE "authtoken_token" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_deleted" AFTER DELETE ON "authtoken_accesstoken" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_digest"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_changed" AFTER UPDATE ON "authtoken_accesstoken" FOR EACH ROW WHEN (
  (OLD.id, OLD.user_id, OLD.kind, OLD.name, OLD.digest, OLD.hint, OLD.scope, OLD.created, OLD.lifetime, OLD.latest, OLD.disabled, OLD.replaced_by)
  IS DISTINCT FROM
  (NEW.id, NEW.user_id, NEW.kind, NEW.name, NEW.digest, NEW.hint, NEW.scope, NEW.created, NEW.lifetime, NEW.latest, NEW.disabled, NEW.replaced_by)
  OR (OLD.expires IS DISTINCT FROM NEW.expires AND (NEW.expires > OLD.expires AND NEW.last_used IS DISTINCT FROM OLD.last_used) IS NOT TRUE)
) EXECUTE FUNCTION "authtoken_notify_digest"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "authtoken_accesstoken" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();
--> statement-breakpoint
ALTER TABLE "authtoken_accesstoken" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_deleted" AFTER DELETE ON "users" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"('id', 'password_hash');
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_changed" AFTER UPDATE ON "users" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"('id', 'password_hash');
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "users" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();
--> statement-breakpoint
ALTER TABLE "users" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";
