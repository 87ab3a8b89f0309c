import { GUEST_MARK } from './accounts.js'

// Shorter ones, and words, stand in logs and answers by accident.
const SHORTEST = 8

/** What must stand in no log, and in no answer but to whom it belongs. */
export type Secrets = ReturnType<typeof createSecrets>

/**
 * @param passwords that are known
 * @param tokens that are known
 */
export function createSecrets (passwords: string[], tokens: string[]) {
  const keys = new Set(tokens)
  const words = [GUEST_MARK, ...passwords.filter((password) => password.trim().length >= SHORTEST)]
  const spellings = [...new Set(words.flatMap((word) => [word, JSON.stringify(word).slice(1, -1), encodeURIComponent(word)]))]

  return {
    /** Remembers a token that was made in the run. */
    addToken: (key: string): void => { keys.add(key) },

    /** The tokens in a text. */
    findTokens: (text: string): string[] => [...text.matchAll(/fat_[0-9A-Za-z]{36}|[0-9a-f]{40}/gi)].map(([key]) => key)
      .filter((key) => keys.has(key) || keys.has(key.toLowerCase())),

    /** The passwords in a text, and the hashes of passwords. */
    findPasswords: (text: string): string[] => [
      ...spellings.filter((word) => text.includes(word)),
      ...[.../argon2\$argon2\w+\$|pbkdf2_\w+\$\d+\$|bcrypt\w*\$\$2|scrypt\$\d+\$/.exec(text) ?? []]
    ]
  }
}
