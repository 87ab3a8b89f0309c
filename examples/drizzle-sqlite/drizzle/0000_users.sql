CREATE TABLE `authtoken_accesstoken` (
	`id` varchar(16) PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`kind` varchar(8) NOT NULL,
	`name` varchar(100) NOT NULL,
	`digest` varchar(64) NOT NULL,
	`hint` varchar(4),
	`scope` varchar(1000) NOT NULL,
	`created` datetime NOT NULL,
	`expires` datetime,
	`lifetime` integer,
	`latest` datetime,
	`last_used` datetime,
	`disabled` bool NOT NULL,
	`replaced_by` varchar(16),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authtoken_accesstoken_digest_unique` ON `authtoken_accesstoken` (`digest`);--> statement-breakpoint
CREATE UNIQUE INDEX `authtoken_accesstoken_user_id_name` ON `authtoken_accesstoken` (`user_id`,`name`) WHERE "authtoken_accesstoken"."replaced_by" is null;--> statement-breakpoint
CREATE INDEX `authtoken_accesstoken_user_id_created` ON `authtoken_accesstoken` (`user_id`,`created`);--> statement-breakpoint
CREATE INDEX `authtoken_accesstoken_expires` ON `authtoken_accesstoken` (`expires`);--> statement-breakpoint
CREATE TABLE `authtoken_state` (
	`name` varchar(32) PRIMARY KEY NOT NULL,
	`value` varchar(32) NOT NULL
);
--> statement-breakpoint
CREATE TABLE `authtoken_token` (
	`key` varchar(40) PRIMARY KEY NOT NULL,
	`created` datetime NOT NULL,
	`user_id` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authtoken_token_user_id_unique` ON `authtoken_token` (`user_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`password_hash` text NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`is_admin` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);