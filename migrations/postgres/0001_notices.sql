-- Whatever ends or changes an identity is told on the channel "authtoken", whoever does it: a digest, a user, or all.
-- Last uses, last logins and new hashes are not: no identity holds them.
-- What Django may alter is compared in the functions: no column of its tables could change its type while a trigger names it.
CREATE FUNCTION "authtoken_notify_key"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND pg_catalog.to_jsonb(OLD) = pg_catalog.to_jsonb(NEW) THEN RETURN NULL; END IF;
	PERFORM pg_catalog.pg_notify('authtoken', 'digest ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(OLD.key, 'UTF8')), 'hex'));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "authtoken_notify_digest"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_notify('authtoken', 'digest ' || OLD.digest);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "authtoken_notify_user"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND pg_catalog.to_jsonb(OLD) - 'password' - 'last_login' = pg_catalog.to_jsonb(NEW) - 'password' - 'last_login' THEN RETURN NULL; END IF;
	PERFORM pg_catalog.pg_notify('authtoken', 'user ' || OLD.id);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "authtoken_notify_all"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_notify('authtoken', 'all');
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "authtoken_deleted" AFTER DELETE ON "authtoken_token" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_key"();--> statement-breakpoint
CREATE TRIGGER "authtoken_changed" AFTER UPDATE ON "authtoken_token" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_key"();--> statement-breakpoint
CREATE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "authtoken_token" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();--> statement-breakpoint
CREATE TRIGGER "authtoken_deleted" AFTER DELETE ON "authtoken_accesstoken" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_digest"();--> statement-breakpoint
-- A use that pushes the expiry on is no news: what is remembered is read again before it is refused.
CREATE TRIGGER "authtoken_changed" AFTER UPDATE ON "authtoken_accesstoken" FOR EACH ROW WHEN (
	(OLD.id, OLD.user_id, OLD.kind, OLD.name, OLD.digest, OLD.hint, OLD.scope, OLD.created, OLD.lifetime, OLD.latest, OLD.disabled, OLD.replaced_by)
	IS DISTINCT FROM
	(NEW.id, NEW.user_id, NEW.kind, NEW.name, NEW.digest, NEW.hint, NEW.scope, NEW.created, NEW.lifetime, NEW.latest, NEW.disabled, NEW.replaced_by)
	OR (OLD.expires IS DISTINCT FROM NEW.expires AND (NEW.expires > OLD.expires AND NEW.last_used IS DISTINCT FROM OLD.last_used) IS NOT TRUE)
) EXECUTE FUNCTION "authtoken_notify_digest"();--> statement-breakpoint
CREATE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "authtoken_accesstoken" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();--> statement-breakpoint
CREATE TRIGGER "authtoken_deleted" AFTER DELETE ON "auth_user" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"();--> statement-breakpoint
CREATE TRIGGER "authtoken_changed" AFTER UPDATE ON "auth_user" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"();--> statement-breakpoint
CREATE TRIGGER "authtoken_truncated" AFTER TRUNCATE ON "auth_user" FOR EACH STATEMENT EXECUTE FUNCTION "authtoken_notify_all"();--> statement-breakpoint
-- Also what logical replication writes.
ALTER TABLE "authtoken_token" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";--> statement-breakpoint
ALTER TABLE "authtoken_accesstoken" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";--> statement-breakpoint
ALTER TABLE "auth_user" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed", ENABLE ALWAYS TRIGGER "authtoken_truncated";
