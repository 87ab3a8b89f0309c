export { authtokenTables } from './database/token-tables.sqlite.js'
