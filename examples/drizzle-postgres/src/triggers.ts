import { authtokenTriggers } from 'fastify-authtoken/postgres'
import { users } from './schema.js'

console.log(authtokenTriggers(users, { casing: 'snake_case' }))
