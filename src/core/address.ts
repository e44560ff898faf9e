import ipaddr from 'ipaddr.js'

/** Tells whether an address (textual, IPv4 or IPv6) lies in a set of networks. */
export type AddressMatcher = (address: string) => boolean

/** An address, and how many of its first bits name the network. */
export type Network = readonly [address: ReturnType<typeof ipaddr.parse>, bits: number]

/** Short and octal forms of IPv4 (`127.1`, `010.0.0.1`) are rejected, because programs disagree on their meaning. */
const isAddress = (text: string): boolean =>
  text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text)

/** The canonical text of an IP address (IPv4-mapped IPv6 becomes IPv4), or `undefined`. */
export function canonicalAddress(text: string): string | undefined {
  return isAddress(text) ? ipaddr.process(text).toString() : undefined
}

/** Whether `text` is an address or a network in CIDR notation (RFC 4632, RFC 4291 §2.3). */
export const isCidr = (text: string): boolean => parseNetwork(text) !== undefined

/**
 * Parses an address or a network in CIDR notation; `undefined` when it is neither. A network of IPv4-mapped IPv6
 * addresses (RFC 4291 §2.5.5.2) becomes the IPv4 network it stands for.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  if (slash === -1) {
    if (!isAddress(text)) return undefined
    const address = ipaddr.process(text)
    return [address, address.toByteArray().length * 8]
  }
  if (!isAddress(text.slice(0, slash)) || !ipaddr.isValidCIDR(text)) return undefined
  const [address, bits] = ipaddr.parseCIDR(text)
  const plain = ipaddr.process(address.toString())
  return bits >= 96 && plain.kind() !== address.kind() ? [plain, bits - 96] : [address, bits]
}

/**
 * Compiles a list of addresses and CIDR networks. Throws a `RangeError` naming the first entry that is neither,
 * so check lists that come from outside with {@link isCidr} first.
 */
export function compileAddressMatcher(cidrs: readonly string[]): AddressMatcher {
  const networks = cidrs.map((cidr) => {
    const network = parseNetwork(cidr)
    if (network === undefined) throw new RangeError(`not an address or CIDR network: ${cidr}`)
    return network
  })
  return (text) => {
    if (!ipaddr.isValid(text)) return false
    const address = ipaddr.process(text)
    return networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    )
  }
}
