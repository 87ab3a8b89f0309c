import type { DjangoUser as User, Owner } from '../identity/identity.js'
import type { Authtoken } from '../open-authtoken.js'
import { CommandError } from './terminal.js'

/** The user that an argument names. @throws CommandError where there is none */
export async function findUser ({ users }: Authtoken, username: string): Promise<User> {
  const user = await users.findByUsername(username)
  if (user === null) throw new CommandError(`user ${JSON.stringify(username)} does not exist`)
  return user
}

/** The owner of the token whose id an argument is. @throws CommandError where there is none */
export async function findOwner ({ tokens }: Authtoken, id: string): Promise<Owner> {
  const userId = await tokens.findOwner(id)
  if (userId === null) throw unknownToken()
  return { id: userId }
}

/** There is no such token. What was given may be a token itself: it is not repeated. */
export const unknownToken = () => new CommandError('There is no token of that id; "authtoken tokens list" shows the ids.')

/** The whole number behind a flag. @throws CommandError where it is none, or out of bounds */
export function readWholeNumber (flag: string, text: string, min: number, max: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (number < min || number > max) throw new CommandError(`${flag} must be a whole number from ${min} to ${max}`)
  return number
}
