import { HASHERS, type HasherName, readPassword } from './hashers/index.js'

export type HashingTask = { encode: HasherName, password: string } | { verify: string, password: string }

/** The encoded hash, or whether the password matches (null: the hash can't be computed), and how long it took on the thread. */
export interface HashingResult { result: string | boolean | null, ms: number }

/** Computes a hash: what runs on the threads of the queue. */
export default function compute (task: HashingTask): HashingResult {
  const start = performance.now()
  const result = 'encode' in task ? HASHERS[task.encode].encode(task.password) : compare(task.verify, task.password)
  return { result, ms: performance.now() - start }
}

function compare (encoded: string, password: string): boolean | null {
  try {
    return readPassword(encoded).hash?.verify(password) ?? null
  } catch {
    return null
  }
}
