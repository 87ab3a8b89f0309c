import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** One line a request, when it is answered: half of what Fastify writes. */
export class AccessLog extends LogController {
  override incomingRequest (): void {}

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.info({ req: request, res: reply, responseTime: reply.elapsedTime, ...(error != null && { err: error }) }, 'request completed')
  }
}
