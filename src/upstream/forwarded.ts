import { fieldLines } from './field-lines.ts'
import type { ForwardRequest } from './forward-request.ts'

/** What the lines are derived from. */
type Way = Pick<ForwardRequest, 'clientAddress' | 'peerAddress' | 'scheme' | 'host'>

interface Written extends Way {
  readonly lines: string
}

const CLIENTS_REMEMBERED = 1024

/**
 * Creates a function that writes, as header lines, what the upstream may know about the path of a request: Forwarded
 * (RFC 7239) and the widely used X-Forwarded-* headers. They hold what the gate itself has established: the client,
 * determined through the trusted proxies, and the trusted proxy in between. Nothing that a client wrote in these
 * headers is repeated. The last lines for each client are remembered. Returns `undefined` if a value cannot stand in a
 * header.
 */
export function createForwardedLines(): (way: Way) => string | undefined {
  const known = new Map<string, Written>()
  return (way) => {
    const { clientAddress, peerAddress, scheme, host } = way
    const before = known.get(clientAddress)
    if (
      before !== undefined &&
      before.host === host &&
      before.peerAddress === peerAddress &&
      before.scheme === scheme
    ) {
      return before.lines
    }
    const lines = writeLines(way)
    if (lines === undefined) return undefined
    // Bounded, so that strangers cannot fill memory.
    if (before === undefined && known.size >= CLIENTS_REMEMBERED) known.clear()
    known.set(clientAddress, { clientAddress, peerAddress, scheme, host, lines })
    return lines
  }
}

function writeLines({ clientAddress, peerAddress, scheme, host }: Way): string | undefined {
  const proxied = peerAddress !== undefined && peerAddress !== clientAddress
  const element = `for=${node(clientAddress)};host=${quoted(host)};proto=${scheme}`
  return fieldLines([
    ['x-forwarded-for', proxied ? `${clientAddress}, ${peerAddress}` : clientAddress],
    ['x-forwarded-proto', scheme],
    ['x-forwarded-host', host],
    ['x-forwarded-port', portOf(host, scheme)],
    ['forwarded', proxied ? `${element}, for=${node(peerAddress)}` : element],
  ])
}

function portOf(host: string, scheme: 'http' | 'https'): string {
  const colon = host.lastIndexOf(':')
  if (colon > host.lastIndexOf(']')) return host.slice(colon + 1)
  return scheme === 'https' ? '443' : '80'
}

/** RFC 7239 §6: IPv6 addresses stand in brackets and quotes. */
const node = (address: string): string => (address.includes(':') ? `"[${address}]"` : address)

/** RFC 7239 §4: a value with a character outside `token` (the colon of a port) is quoted. */
const quoted = (text: string): string => (/[^\w.~!#$%&'*+^`|-]/.test(text) ? `"${text}"` : text)
