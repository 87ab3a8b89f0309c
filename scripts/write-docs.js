// Writes what documents and docstrings say of options, from the options' schemas.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { documents } from '../test/documents/option-documents.ts'

for (const [path, write] of Object.entries(documents)) {
  const file = join(import.meta.dirname, '..', path)
  writeFileSync(file, write(readFileSync(file, 'utf8')))
}
