CREATE TABLE `authtoken_accesstoken` (
	`id` varchar(16) PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
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
	FOREIGN KEY (`user_id`) REFERENCES `auth_user`(`id`) ON UPDATE no action ON DELETE cascade
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
