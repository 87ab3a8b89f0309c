import type { DjangoUsers } from '../database/user-model.js'
import type { DjangoUser as User } from '../identity/identity.js'

const MIN_PASSWORD_LENGTH = 8
const MAX_SIMILARITY = 0.7

// Django's UnicodeUsernameValidator: Python's \w is letters, numbers and the underscore.
const USERNAME = /^[\p{L}\p{N}_.@+-]+$/u
const EMAIL = /^[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+\.[^\s@\p{Cc}\p{Cs}]+$/u
// `me` is a path of the service.
const RESERVED_USERNAMES = ['me']
const PERSONAL_FIELDS = { username: 'username', firstName: 'first name', lastName: 'last name', email: 'email address' }

/** The column that usernames are kept in: of a custom model it may hold addresses, or anything. */
type UsernameColumn = DjangoUsers['usernames']

/** A username as Django stores it: NFKC, so that look-alikes are one. */
export function normalizeUsername (username: string, { column }: UsernameColumn): string {
  const normal = username.normalize('NFKC')
  return column === 'email' ? normalizeEmail(normal) : normal
}

/** As Django stores it: the domain in lower case. */
export function normalizeEmail (email: string): string {
  const at = email.lastIndexOf('@')
  return at < 0 ? email : email.slice(0, at) + email.slice(at).toLowerCase()
}

/** What is wrong with a new username, normalized, in Django's words; empty: nothing. */
export function usernameProblems (username: string, { column, maxLength }: UsernameColumn): string[] {
  if (username === '') return ['This field may not be blank.']
  const problems = []
  if (maxLength !== null && [...username].length > maxLength) problems.push(`Ensure this field has no more than ${maxLength} characters.`)
  if (column === 'username' && !USERNAME.test(username)) {
    problems.push('Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.')
  }
  if (column === 'email' && !EMAIL.test(username)) problems.push('Enter a valid email address.')
  if (/[\p{Cc}\p{Cs}]/u.test(username)) problems.push('Control characters are not allowed.')
  if (RESERVED_USERNAMES.includes(username)) problems.push(`The username "${username}" is reserved.`)
  return problems
}

/** What Django's four validators have against a new password of that user, in Django's words; empty: nothing. */
export async function passwordProblems (password: string, user: Partial<User>): Promise<string[]> {
  const problems = []
  const fields = Object.keys(PERSONAL_FIELDS) as Array<keyof typeof PERSONAL_FIELDS>
  const similar = fields.find((field) => resembles(password, user[field] ?? ''))
  if (similar !== undefined) problems.push(`The password is too similar to the ${PERSONAL_FIELDS[similar]}.`)
  if ([...password].length < MIN_PASSWORD_LENGTH) {
    problems.push(`This password is too short. It must contain at least ${MIN_PASSWORD_LENGTH} characters.`)
  }
  if (await isCommon(password)) problems.push('This password is too common.')
  if (/^\p{Nd}+$/u.test(password)) problems.push('This password is entirely numeric.')
  return problems
}

/** What keeps a password from being stored at all, validated or not; empty: nothing. */
export function storableProblems (password: string): string[] {
  if (password === '') return ['This field may not be blank.']
  return password.includes('\0') ? ['Null characters are not allowed.'] : []
}

let commonPasswords: Promise<Set<string>> | undefined

async function isCommon (password: string): Promise<boolean> {
  commonPasswords ??= import('@zxcvbn-ts/language-common')
    .then(({ dictionary }) => new Set((dictionary['passwords-common'] as string[]).map((word) => word.toLowerCase())))
  return (await commonPasswords).has(password.toLowerCase().trim())
}

/** Django's UserAttributeSimilarityValidator: the value, or a word of it, shares 70 % of its letters with the password. */
function resembles (password: string, value: string): boolean {
  const lower = password.toLowerCase()
  const words = [value, ...value.split(/[^\p{L}\p{N}_]+/u)].filter((word) => word !== '')
  return words.some((word) => letterRatio(lower, word.toLowerCase()) >= MAX_SIMILARITY)
}

/** Python's `SequenceMatcher.quick_ratio`: shared letters, order aside, against the letters of both. */
function letterRatio (a: string, b: string): number {
  const counts = new Map<string, number>()
  for (const letter of b) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  let shared = 0
  for (const letter of a) {
    const left = counts.get(letter) ?? 0
    if (left > 0) shared++
    counts.set(letter, left - 1)
  }
  return (2 * shared) / (a.length + b.length)
}
