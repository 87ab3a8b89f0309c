import type { FastifyInstance, FastifyRequest } from 'fastify'

/** What clients call the service. */
export interface PublicAddress {
  /** What goes before a path in a link: '' where nobody vouches for the `Host` that a client wrote. */
  baseOf: (request: AddressedRequest) => string
  /** The service's own name: the same, or else the address that it listens on. */
  issuerOf: (request: AddressedRequest) => string
}

/** Who asks for which host. */
export type AddressedRequest = Pick<FastifyRequest, 'protocol' | 'host'>

interface PublicAddressOptions {
  /** Scheme and host, and a path where a proxy puts one before the service's. It goes before all else. */
  url?: string | undefined
  /** Names, with a port where it is not the scheme's own, of which a `Host` may be one; names of loopback always. */
  hosts?: string[] | undefined
  /** Address and port, where the server does not listen on a port. */
  otherwise: { address: string, port: number }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/

/** Tells what the service is called, without believing a `Host` that nobody vouches for. */
export function publicAddress (app: FastifyInstance, { url, hosts = [], otherwise }: PublicAddressOptions): PublicAddress {
  const own = url?.replace(/\/+$/, '')
  const known = new Set(hosts.map((host) => host.toLowerCase()))

  const baseOf = ({ protocol, host }: AddressedRequest): string => {
    if (own !== undefined) return own
    const name = host.toLowerCase()
    return LOOPBACK.test(name) || known.has(name) ? `${protocol}://${name}` : ''
  }
  return { baseOf, issuerOf: (request) => baseOf(request) || listeningAt() }

  function listeningAt (): string {
    const [first = ''] = app.addresses()
    const { address, port } = typeof first === 'string' ? otherwise : first
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
  }
}
