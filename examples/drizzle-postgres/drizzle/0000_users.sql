CREATE TABLE "authtoken_accesstoken" (
	"id" varchar(16) PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"kind" varchar(8) NOT NULL,
	"name" varchar(100) NOT NULL,
	"digest" varchar(64) NOT NULL,
	"hint" varchar(4),
	"scope" varchar(1000) NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"expires" timestamp with time zone,
	"lifetime" bigint,
	"latest" timestamp with time zone,
	"last_used" timestamp with time zone,
	"disabled" boolean NOT NULL,
	"replaced_by" varchar(16),
	CONSTRAINT "authtoken_accesstoken_digest_unique" UNIQUE("digest")
);
--> statement-breakpoint
CREATE TABLE "authtoken_state" (
	"name" varchar(32) PRIMARY KEY NOT NULL,
	"value" varchar(32) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "authtoken_token" (
	"key" varchar(40) PRIMARY KEY NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"user_id" bigint NOT NULL,
	CONSTRAINT "authtoken_token_user_id_unique" UNIQUE("user_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"email" text NOT NULL,
	"password_hash" text NOT NULL,
	"is_admin" boolean DEFAULT false NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
ALTER TABLE "authtoken_accesstoken" ADD CONSTRAINT "authtoken_accesstoken_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "authtoken_token" ADD CONSTRAINT "authtoken_token_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "authtoken_accesstoken_user_id_name" ON "authtoken_accesstoken" USING btree ("user_id","name") WHERE "authtoken_accesstoken"."replaced_by" is null;--> statement-breakpoint
CREATE INDEX "authtoken_accesstoken_user_id_created" ON "authtoken_accesstoken" USING btree ("user_id","created");--> statement-breakpoint
CREATE INDEX "authtoken_accesstoken_expires" ON "authtoken_accesstoken" USING btree ("expires");