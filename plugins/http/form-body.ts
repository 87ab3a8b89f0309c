import type { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Busboy } from '@fastify/busboy'

/** Fields of a form at most: Django's bound. */
export const MAX_FIELDS = 1_000
/** Files of a multipart form at most: Django's bound, too. */
export const MAX_FILES = 100

// So much of a multipart form is read before others get their turn: a millisecond's work.
const SLICE_BYTES = 2_048

/** What is thrown for a form that is none, and for one of too many parts. */
export interface FormErrors { invalid: () => Error, tooMany: () => Error }

/** The fields of an urlencoded form in their order; null where there are too many. */
export function formFields (text: string): Array<[string, string]> | null {
  let count = 1
  for (let i = text.indexOf('&'); i !== -1; i = text.indexOf('&', i + 1)) if (++count > MAX_FIELDS) return null
  return [...new URLSearchParams(text)]
}

/**
 * The fields of a multipart form in their order, and behind them its files, as DRF has them, with `file` as the value of each.
 * @param headers its `content-type`, and the charset of fields that name none
 */
export function multipartFields<File> (
  body: Buffer, headers: { contentType: string, charset: string }, file: File, errors: FormErrors
): Promise<Array<[string, string | File]>> {
  return new Promise((resolve, reject) => {
    const fields: Array<[string, string]> = []
    const files: Array<[string, File]> = []
    const over = new AbortController()
    const fail = (toError: () => Error) => () => {
      over.abort()
      reject(toError())
    }
    try {
      const busboy = new Busboy({ headers: { 'content-type': headers.contentType }, defCharset: headers.charset, limits })
      busboy.on('field', (name, value) => fields.push([name, value]))
      busboy.on('file', (name, stream) => {
        files.push([name, file])
        stream.on('error', fail(errors.invalid)).resume()
      })
      for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) busboy.on(limit, fail(errors.tooMany))
      busboy.on('error', fail(errors.invalid))
      busboy.on('finish', () => resolve([...fields, ...files]))
      feed(busboy, body, over.signal).catch(fail(errors.invalid))
    } catch {
      fail(errors.invalid)()
    }
  })
}

const limits = { fields: MAX_FIELDS, files: MAX_FILES, parts: MAX_FIELDS + MAX_FILES }

async function feed (busboy: Writable, body: Buffer, over: AbortSignal): Promise<void> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) {
    if (over.aborted) return
    busboy.write(body.subarray(at, at + SLICE_BYTES))
    await nextTurn()
  }
  busboy.end()
}
