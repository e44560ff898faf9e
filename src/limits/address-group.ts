/**
 * The subject under which an address is counted and banned. An IPv4 address is counted by itself; an IPv6 address
 * by its /64, because a subscriber gets at least that much (RFC 6177, RFC 7421), and counting single addresses
 * would let anyone start over 2^64 times.
 *
 * @param address canonical text, as the core's `canonicalAddress` makes it
 * @returns the address itself, or the network in CIDR notation such as `2001:db8:0:1::/64`
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address
  const gap = address.indexOf('::')
  const head = gap === -1 ? address : address.slice(0, gap)
  const parts = head === '' ? [] : head.split(':')
  if (gap !== -1 && parts.length < 4) {
    const tail = address.slice(gap + 2)
    const tailParts = tail === '' ? [] : tail.split(':')
    while (parts.length + tailParts.length < 8) parts.push('0')
    parts.push(...tailParts)
  }
  return `${parts[0]}:${parts[1]}:${parts[2]}:${parts[3]}::/64`
}
