/** An IP address: 32 or 128 bits. An IPv4 address mapped into IPv6 is an IPv4 address. */
export interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** A block of addresses. */
export interface Network extends Address {
  readonly prefix: number
}

const MAPPED = 0xffffn
const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

/** Reads an address; `undefined` if the text is not one. Leading zeros and zones are not accepted. */
export function parseAddress(text: string): Address | undefined {
  const raw = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  return raw === undefined ? undefined : unmap(raw)
}

function unmap(address: Address): Address {
  return address.bits === 128 && address.value >> 32n === MAPPED
    ? { bits: 32, value: address.value & 0xffffffffn }
    : address
}

function parseIpv4(text: string): Address | undefined {
  const octets = IPV4.exec(text)?.slice(1).map(Number)
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined
  return { bits: 32, value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) }
}

function parseIpv6(text: string): Address | undefined {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const tail = embedded === null ? undefined : parseIpv4(embedded[2]!)
  if (embedded !== null && tail === undefined) return undefined
  const hex =
    tail === undefined
      ? text
      : `${embedded![1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`
  const halves = hex.split('::')
  if (halves.length > 2) return undefined
  const [head, end] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const groups = [...head!, ...(end ?? [])]
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  if (end === undefined ? groups.length !== 8 : groups.length > 7) return undefined
  const filled =
    end === undefined ? groups : [...head!, ...Array<string>(8 - groups.length).fill('0'), ...end]
  return {
    bits: 128,
    value: filled.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n),
  }
}

/** Reads `address/prefix`; bits beyond the prefix are cleared. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const raw = match[1]!.includes(':') ? parseIpv6(match[1]!) : parseIpv4(match[1]!)
  const length = Number(match[2])
  if (raw === undefined || length > raw.bits) return undefined
  const address = length >= 96 ? unmap(raw) : raw
  return networkAt(address, address.bits === raw.bits ? length : length - 96)
}

/** The block of a prefix length around an address. */
export function networkAt({ bits, value }: Address, prefix: number): Network {
  const host = BigInt(bits - prefix)
  return { bits, value: (value >> host) << host, prefix }
}

export function lastOf({ bits, value, prefix }: Network): bigint {
  return value | ((1n << BigInt(bits - prefix)) - 1n)
}

export function contains(network: Network, { bits, value }: Address): boolean {
  return (
    network.bits === bits &&
    value >> BigInt(bits - network.prefix) === network.value >> BigInt(bits - network.prefix)
  )
}

/** The text of an address (RFC 5952 for IPv6). */
export function addressText({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  )
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  return best
}

export function networkText(network: Network): string {
  return `${addressText(network)}/${network.prefix}`
}
