CREATE TABLE IF NOT EXISTS `auth_user` (
	`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
	`password` varchar(128) NOT NULL,
	`last_login` datetime NULL,
	`is_superuser` bool NOT NULL,
	`username` varchar(150) NOT NULL UNIQUE,
	`last_name` varchar(150) NOT NULL,
	`email` varchar(254) NOT NULL,
	`is_staff` bool NOT NULL,
	`is_active` bool NOT NULL,
	`date_joined` datetime NOT NULL,
	`first_name` varchar(150) NOT NULL
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS `authtoken_token` (
	`key` varchar(40) NOT NULL PRIMARY KEY,
	`created` datetime NOT NULL,
	`user_id` integer NOT NULL UNIQUE REFERENCES `auth_user` (`id`) DEFERRABLE INITIALLY DEFERRED
);
