import type { IncomingHeaders } from './incoming-request.ts'
import type { AddressMatcher } from './address.ts'
import { canonicalAddress, compileAddressMatcher } from './address.ts'

/** Finds the client's address from the connection's other end and the request headers. */
export type ClientAddress = (peer: string, headers: IncomingHeaders) => string

/** The header in which the trusted proxies write the chain of addresses. */
export type ForwardingHeader = 'x-forwarded-for' | 'forwarded'

/** How trusted proxies report. */
export interface ClientAddressOptions {
  /**
   * The one header to believe, default `x-forwarded-for`. A proxy that writes one of them usually
   * passes the other through as the client sent it, so believing both would let clients lie.
   */
  readonly header?: ForwardingHeader
}

const HOPS_MAX = 32
const PEERS_REMEMBERED = 1024

/**
 * Creates the function that determines the client's address. The chain is walked from the right: an entry
 * counts only when everything to its right is a trusted proxy, so what a client writes into the header is never
 * believed. An entry that is not an address (`unknown`, an obfuscated name of RFC 7239 §6.3, garbage) ends the
 * walk at the proxy that reported it. At most the 32 rightmost entries are read.
 *
 * Without trusted networks the result is the peer, and headers are never looked at.
 *
 * @param trustedCidrs addresses and networks of the proxies in front; throws `RangeError` on others.
 */
export function createClientAddress(
  trustedCidrs: readonly string[],
  options: ClientAddressOptions = {},
): ClientAddress {
  if (trustedCidrs.length === 0) return (peer) => peer
  const isTrustedPeer = createTrustedPeers(trustedCidrs)
  const isTrusted = compileAddressMatcher(trustedCidrs)
  const header = options.header ?? 'x-forwarded-for'
  const entries = header === 'forwarded' ? forwardedFor : commaSeparated
  return (peer, headers) => {
    if (!isTrustedPeer(peer)) return peer
    const value = headers.get(header)
    return value === null ? peer : walk(peer, entries(value), isTrusted)
  }
}

/** Whether a connection comes from a trusted proxy. Remembers peers, because proxies are few. */
export function createTrustedPeers(trustedCidrs: readonly string[]): AddressMatcher {
  if (trustedCidrs.length === 0) return () => false
  const matches = compileAddressMatcher(trustedCidrs)
  const known = new Map<string, boolean>()
  return (peer) => {
    const answer = known.get(peer)
    if (answer !== undefined) return answer
    if (known.size >= PEERS_REMEMBERED) known.clear()
    const trusted = matches(peer)
    known.set(peer, trusted)
    return trusted
  }
}

/**
 * The scheme that the client used, as the nearest trusted proxy reports it in `X-Forwarded-Proto` or, if `header`
 * says so, in `Forwarded`; `own`, the scheme of our connection, when it reports none. Call it only for a trusted
 * peer.
 */
export function clientScheme(
  headers: IncomingHeaders,
  own: 'http' | 'https',
  header: ForwardingHeader = 'x-forwarded-for',
): 'http' | 'https' {
  const value =
    header === 'forwarded'
      ? parameter(commaSeparated(headers.get('forwarded') ?? '').at(-1) ?? '', 'proto')
      : commaSeparated(headers.get('x-forwarded-proto') ?? '').at(-1)
  const scheme = value?.toLowerCase()
  return scheme === 'http' || scheme === 'https' ? scheme : own
}

function walk(peer: string, entries: readonly string[], isTrusted: AddressMatcher): string {
  let address = peer
  const last = Math.max(0, entries.length - HOPS_MAX)
  for (let index = entries.length - 1; index >= last; index--) {
    const entry = nodeAddress(entries[index] ?? '')
    if (entry === undefined) return address
    address = entry
    if (!isTrusted(address)) return address
  }
  return address
}

/** The address of a node: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function nodeAddress(node: string): string | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(node)
  if (bracketed !== null) return canonicalAddress(bracketed[1] ?? '')
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(node)
  return canonicalAddress(withPort?.[1] ?? node)
}

function commaSeparated(value: string): string[] {
  return value === '' ? [] : value.split(',').map((entry) => entry.trim())
}

/** The `for` values of a Forwarded header (RFC 7239 §4), one for each hop; '' where there is none. */
function forwardedFor(value: string): string[] {
  return splitQuoted(value, ',').map((element) => parameter(element, 'for') ?? '')
}

function parameter(element: string, name: string): string | undefined {
  for (const pair of splitQuoted(element, ';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim().toLowerCase() === name) {
      return unquote(pair.slice(equals + 1).trim())
    }
  }
  return undefined
}

function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    : text
}

/** Splits at a separator outside quoted strings. */
function splitQuoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (quoted && character === '\\') index++
    else if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, index).trim())
      start = index + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}
