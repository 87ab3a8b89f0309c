export { authtokenTables } from './database/postgres/token-tables.js'
export { authtokenTriggers, type TriggerOptions } from './database/postgres/triggers.js'
