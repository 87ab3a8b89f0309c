import type { FastifyInstance } from 'fastify'

export default async function me (app: FastifyInstance) {
  app.get('/me', async ({ user }) => ({ id: user?.id, username: user?.username }))
}
