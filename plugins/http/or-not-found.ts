import { NotFound } from '../../src/errors.js'

/** What was found. @throws NotFound where it is null or false */
export function orNotFound<Found> (found: Found | null | false): Found {
  if (found === null || found === false) throw new NotFound('Not found.')
  return found
}
