import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'

export default async function app (fastify: FastifyInstance, options: object) {
  fastify.register(autoload, { dir: `${import.meta.dirname}/plugins`, options })
  fastify.register(autoload, { dir: `${import.meta.dirname}/routes`, options })
}
