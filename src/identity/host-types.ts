/**
 * The host's own user, declared once for the whole program:
 * `declare module 'fastify-authtoken' { interface FastifyAuthtoken { user: Omit<typeof people.$inferSelect, 'passwordHash'> } }`.
 * From then on `request.user` is that row, or null. Without it, users are Django's.
 */
export interface FastifyAuthtoken {}
