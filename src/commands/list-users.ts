import type { DjangoUser as User } from '../identity/identity.js'
import { tableLine } from './table.js'
import { print, type Terminal, withAuthtoken } from './terminal.js'

/** What `users list` takes. */
export interface ListUsersOptions {
  search?: string
  json?: boolean
}

const COLUMNS = ['id', 'username', 'email', 'active', 'staff', 'superuser'] as const

/** Lists the users, in order of their ids: a table, or with `--json` an object a line. */
export async function listUsers (terminal: Terminal, { search, json }: ListUsersOptions): Promise<void> {
  await withAuthtoken(terminal, async ({ users }) => {
    if (!json) print(terminal, tableLine(COLUMNS, WIDTHS))
    for await (const user of users.listAll(search)) print(terminal, json ? JSON.stringify(row(user)) : tableLine(COLUMNS.map((name) => String(row(user)[name])), WIDTHS))
  })
}

const row = (user: User) => ({
  id: user.id,
  username: user.username,
  email: user.email,
  active: user.isActive,
  staff: user.isStaff,
  superuser: user.isSuperuser
})

const WIDTHS = [6, 24, 32, 6, 5]
