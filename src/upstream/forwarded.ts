import type { ForwardRequest } from './forward-request.ts'

/**
 * Says what the upstream may know about the way of a request: Forwarded (RFC 7239) and the
 * X-Forwarded-* headers in wide use. They hold what the gate found out itself: the client by trusted
 * hops and the trusted proxy in between. Nothing a client wrote is repeated.
 */
export function emitForwarded(
  { clientAddress, peerAddress, scheme, host }: ForwardRequest,
  emit: (name: string, value: string) => void,
): void {
  const proxied = peerAddress !== undefined && peerAddress !== clientAddress
  emit('x-forwarded-for', proxied ? `${clientAddress}, ${peerAddress}` : clientAddress)
  emit('x-forwarded-proto', scheme)
  emit('x-forwarded-host', host)
  emit('x-forwarded-port', portOf(host, scheme))
  const element = `for=${node(clientAddress)};host=${quoted(host)};proto=${scheme}`
  emit('forwarded', proxied ? `${element}, for=${node(peerAddress)}` : element)
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
