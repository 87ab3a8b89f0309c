import type { Column, SQL, Table } from 'drizzle-orm'

/** Which of the host's columns play which part. What is not given is taken from columns with the usual names. */
export interface HostUsers<Users extends Table = Table> {
  /** The host's table of users, a Drizzle table. */
  table: Users
  /** An integer, a big integer, a UUID or text. @default the primary key */
  id?: Column
  /** What users log in with; unique. @default `username`, or `email` */
  username?: Column
  /** The encoded password. @default `password`, `passwordHash`, `hashedPassword` or `encryptedPassword` */
  password?: Column
  /** Who may come in: a boolean column, or a condition. @default `isActive` or `active`, and without `deletedAt`, where they are there */
  isActive?: Column | SQL
  /** Who passes `isAdminUser`. @default `isStaff` or `isAdmin`; nobody where there is none */
  isStaff?: Column | SQL
  /** Who may hold the scopes `admin` and `introspect`. @default `isSuperuser`; nobody where there is none */
  isSuperuser?: Column | SQL
  /** What `request.user` has. @default all columns but the password */
  select?: Record<string, Column>
}

/** The tables that `authtokenTables` made; others beside them are not looked at, so that the whole schema may be given. */
export interface HostTables { authtokenToken: Table, authtokenAccesstoken: Table, authtokenState: Table }

/** The properties in which columns are looked for that are not given. */
export const USUAL_NAMES = {
  username: ['username', 'email'],
  password: ['password', 'passwordHash', 'hashedPassword', 'encryptedPassword'],
  isActive: ['isActive', 'active'],
  isStaff: ['isStaff', 'isAdmin'],
  isSuperuser: ['isSuperuser']
} as const

/** Properties that are never part of `request.user`, unless `select` says so. */
export type PasswordName = typeof USUAL_NAMES.password[number]
