import ipaddr from 'ipaddr.js'

/** Tells whether an address (textual, IPv4 or IPv6) lies in a set of networks. */
export type AddressMatcher = (address: string) => boolean

/** The canonical text of an IP address (IPv4-mapped IPv6 becomes IPv4), or `undefined`. */
export function canonicalAddress(text: string): string | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : undefined
}

/** Whether `text` is an address or a network in CIDR notation (RFC 4632, RFC 4291 §2.3). */
export function isCidr(text: string): boolean {
  return ipaddr.isValidCIDR(text) || ipaddr.isValid(text)
}

/**
 * Compiles a list of addresses and CIDR networks. Throws a `RangeError` naming the first entry that
 * is neither; check with {@link isCidr} first where the list comes from outside.
 */
export function compileAddressMatcher(cidrs: readonly string[]): AddressMatcher {
  const networks = cidrs.map((cidr) => {
    if (ipaddr.isValidCIDR(cidr)) return ipaddr.parseCIDR(cidr)
    if (!ipaddr.isValid(cidr)) throw new RangeError(`not an address or CIDR network: ${cidr}`)
    const address = ipaddr.process(cidr)
    return [address, address.kind() === 'ipv4' ? 32 : 128] as [typeof address, number]
  })
  return (text) => {
    if (!ipaddr.isValid(text)) return false
    const address = ipaddr.process(text)
    return networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    )
  }
}
