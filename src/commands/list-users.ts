import type { DjangoUser as User } from '../identity/identity.js'
import { type CommonFlags, printRows, type Terminal, withAuthtoken } from './terminal.js'

const COLUMNS = { id: 6, username: 24, email: 32, active: 6, staff: 5, superuser: 0 }

/** Lists the users, in order of their ids. */
export async function listUsers (terminal: Terminal, options: CommonFlags & { search?: string }): Promise<void> {
  await withAuthtoken(terminal, async ({ users }) => {
    await printRows(terminal, options, COLUMNS, users.listAll(options.search), {
      json: rowOf,
      cells: (user) => Object.values(rowOf(user)).map(String)
    })
  })
}

const rowOf = ({ id, username, email, isActive: active, isStaff: staff, isSuperuser: superuser }: User) =>
  ({ id, username, email, active, staff, superuser })
