export { authtokenTables } from './database/token-tables.postgres.js'
export { authtokenTriggers, type TriggerOptions } from './database/triggers.postgres.js'
