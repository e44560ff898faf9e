import type { Connection, GatewayConfig } from '../gate/index.ts'
import { largestBodyOf } from '../gate/index.ts'
import type { Http1ListenerOptions } from './http1/index.ts'

/** The options of a listener that do not come from the configuration. */
export type ListenerWiring = Pick<Http1ListenerOptions, 'handle' | 'onBug' | 'onRejected'>

/** The options that a configuration sets for a listener on one of its addresses. */
export function listenerOptions(
  config: GatewayConfig,
  address: string,
): Omit<Http1ListenerOptions, keyof ListenerWiring> {
  const { tls, idleTimeout } = config.listen
  return {
    ...parseAddress(address),
    bodyBytesMax: largestBodyOf(config),
    bodiesHeldBytesMax: config.listen.bodiesHeldMax,
    idleTimeoutMs: idleTimeout,
    requestsMax: config.listen.requestsMax,
    connectionsMax: config.listen.connectionsMax,
    ...(config.listen.connectionsPerAddressMax !== undefined && {
      connectionsPerAddressMax: config.listen.connectionsPerAddressMax,
    }),
    headBytesMax: config.listen.headersMax,
    reusePort: false,
    ...(tls !== undefined && {
      tls: {
        cert: tls.certificate,
        key: tls.key,
        ...(tls.clientAuthority !== undefined && {
          ca: tls.clientAuthority,
          requestCert: true,
          rejectUnauthorized: true,
        }),
      },
    }),
  }
}

/** A connection, with the operations that only the server has. */
export type ServerConnection = Required<Connection>

/** A running listener. */
export interface Listener {
  readonly url: string
  readonly port: number
  connections(): number
  readonly requestsInFlight: number
  /**
   * Refuses new connections, tells WebSockets that the server is going away, lets requests in flight finish, then
   * closes. Connections that are left after `deadlineMs` are cut. Resolves with whether everything had finished.
   */
  drain(deadlineMs: number): Promise<boolean>
}

/** The address is in use, or may not be bound. */
export class ListenError extends Error {
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.name = 'ListenError'
    this.code = code
  }
}

/** Explains why an address could not be bound. */
export function explainListen(error: unknown, hostname: string, port: number): ListenError {
  const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException
  const where = `${hostname}:${port}`
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is already in use; stop what listens there or choose another port`,
    EACCES: `${where} may not be bound by this user; choose a port above 1023`,
    EADDRNOTAVAIL: `${where} is not an address of this machine`,
  }
  return new ListenError(texts[code] ?? `${where} cannot be bound: ${message}`, code)
}

/** Splits `host:port`; IPv6 addresses are in brackets. */
function parseAddress(address: string): { readonly hostname: string; readonly port: number } {
  const split = address.lastIndexOf(':')
  return {
    hostname: address.slice(0, split).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(split + 1)),
  }
}

/** Turns an IPv4-mapped IPv6 address, as a dual-stack socket shows IPv4 clients, into the IPv4 address. */
export function canonicalPeer(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** Throws a {@link ListenError} if `host:port` cannot be bound; does not hold the address. */
export function probeAddress(address: string): void {
  const { hostname, port } = parseAddress(address)
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true)
  } catch (error) {
    throw explainListen(error, hostname, port)
  }
}
