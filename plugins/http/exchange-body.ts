import { TextDecoder } from 'node:util'
import { ParseError, UnsupportedMediaType, validationError } from '../../src/errors.js'
import { formFields, MAX_FIELDS, MAX_FILES, multipartFields } from './form-body.js'
import { pythonType } from './validation.js'

/** The fields of a body, as they came. */
export type Fields = Record<string, unknown>

// Stands for an uploaded file: present, and no string.
const FILE = Symbol('file')

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
const MULTIPART_TYPE = 'multipart/form-data'

/** The content types that the exchange reads, in DRF's order. */
export const EXCHANGE_TYPES = [FORM_TYPE, MULTIPART_TYPE, JSON_TYPE]

/**
 * Reads the exchange's body as DRF's parsers do. Of duplicate fields the last wins.
 * @throws UnsupportedMediaType, ParseError, and ValidationError where JSON holds no object
 */
export async function readFields (body: Buffer, contentType: string, parseJson: (text: string) => Promise<unknown>): Promise<Fields> {
  if (body.length === 0) return {}
  const [type = ''] = contentType.split(';')
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  switch (type.trim().toLowerCase()) {
    case JSON_TYPE: return toFields(await parseJson(decodeJson(body, charset)))
    case FORM_TYPE: return collect(readForm(decoder(charset, false).decode(body)))
    case MULTIPART_TYPE: {
      const headers = { contentType, charset: decoder(charset, false).encoding }
      return collect(await multipartFields(body, headers, FILE, multipartErrors))
    }
    default: throw new UnsupportedMediaType(contentType)
  }
}

/** Text that is not of that charset is empty, which is no JSON; and so is text behind a byte order mark, which DRF refuses. */
function decodeJson (body: Buffer, charset: string): string {
  try {
    const text = decoder(charset, true).decode(body)
    return text.startsWith('\uFEFF') ? '' : text
  } catch {
    return ''
  }
}

function toFields (value: unknown): Fields {
  if (value === null) throw validationError({ non_field_errors: ['No data provided'] })
  const type = pythonType(value)
  if (type !== 'dict') throw validationError({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${type}.`] })
  return value as Fields
}

function readForm (text: string): Array<[string, string]> {
  const fields = formFields(text)
  if (fields === null) throw tooMany('Form')
  return fields
}

const multipartErrors = {
  invalid: () => new ParseError('Multipart form', 'the body is not valid multipart/form-data.'),
  tooMany: () => tooMany('Multipart form')
}

const tooMany = (form: string) => new ParseError(form, `the body may have ${MAX_FIELDS} fields and ${MAX_FILES} files at most.`)

const collect = (pairs: Iterable<[string, unknown]>): Fields => Object.assign(Object.create(null), Object.fromEntries(pairs))

/** A decoder for the charset that the client names; UTF-8 for a name that nobody knows, as DRF. */
function decoder (charset: string, fatal: boolean): TextDecoder {
  // A byte order mark is part of UTF-8 text for Python, and none of UTF-16's.
  const ignoreBOM = !/^utf-?16$/i.test(charset)
  try {
    return new TextDecoder(charset, { fatal, ignoreBOM })
  } catch {
    return new TextDecoder('utf-8', { fatal, ignoreBOM: true })
  }
}
