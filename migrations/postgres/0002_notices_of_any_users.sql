-- Users of any table: the arguments are the column of the ids, then those whose changes nobody need hear of.
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
CREATE OR REPLACE TRIGGER "authtoken_deleted" AFTER DELETE ON "auth_user" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"('id', 'password', 'last_login');--> statement-breakpoint
CREATE OR REPLACE TRIGGER "authtoken_changed" AFTER UPDATE ON "auth_user" FOR EACH ROW EXECUTE FUNCTION "authtoken_notify_user"('id', 'password', 'last_login');
--> statement-breakpoint
-- Also what logical replication writes: a trigger that is made anew does not keep that.
ALTER TABLE "auth_user" ENABLE ALWAYS TRIGGER "authtoken_deleted", ENABLE ALWAYS TRIGGER "authtoken_changed";
