import type { LocalOptions } from 'fastify-authtoken'

export { default } from 'fastify-authtoken'
export const autoConfig: LocalOptions = { database: process.env.DATABASE_URL ?? 'file:./authtoken.db', defaultPermission: 'isAuthenticated' }
