export { authtokenTables } from './database/sqlite/token-tables.js'
