import { DatabaseUnusable } from '../errors.js'
import { codeOf } from './database-interface.js'

/**
 * Loads what needs a driver. Drivers are optional dependencies: who asks a service needs none.
 * @param driver the package
 * @param load imports what imports it
 * @throws DatabaseUnusable where it is not installed
 */
export async function withDriver<Module> (driver: 'better-sqlite3' | 'pg', load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND' || !(error as Error).message.includes(`'${driver}'`)) throw error
    throw new DatabaseUnusable(`${driver}, the driver of such a database, is not installed; "npm install ${driver}" does that`, { cause: error })
  }
}
