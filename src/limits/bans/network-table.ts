import ipaddr from 'ipaddr.js'

/**
 * Networks with a value each, found by address in one lookup per prefix length in use, however many
 * networks there are.
 */
export interface NetworkTable<T> {
  readonly size: number
  set(network: string, value: T): void
  delete(network: string): boolean
  get(network: string): T | undefined
  values(): Iterable<T>
  /** Values of all networks that hold the address, the longest prefix first. */
  match(address: string): readonly T[]
}

/**
 * The canonical text of an address or network: host bits cleared, IPv4-mapped IPv6 as IPv4, single
 * addresses without a prefix length; `undefined` when it is neither.
 */
export function canonicalNetwork(text: string): string | undefined {
  if (ipaddr.isValid(text)) return ipaddr.process(text).toString()
  if (!ipaddr.isValidCIDR(text)) return undefined
  const [address, bits] = unmapped(ipaddr.parseCIDR(text))
  const bytes = address.toByteArray()
  if (bits === bytes.length * 8) return address.toString()
  return `${ipaddr.fromByteArray(maskedBytes(bytes, bits)).toString()}/${bits}`
}

/** Creates an empty {@link NetworkTable}; networks are given as {@link canonicalNetwork} makes them. */
export function createNetworkTable<T>(): NetworkTable<T> {
  const all = new Map<string, T>()
  // By address length and prefix length: masked bytes → network.
  const byPrefix = new Map<number, Map<string, string>>()
  let prefixes: readonly number[] = []

  const locate = (network: string): readonly [prefix: number, key: string] => {
    const [address, bits] = network.includes('/')
      ? ipaddr.parseCIDR(network)
      : hostNetwork(ipaddr.parse(network))
    const bytes = address.toByteArray()
    return [prefixId(bytes.length, bits), maskedBytes(bytes, bits).join('.')]
  }
  const refreshPrefixes = (): void => {
    prefixes = [...byPrefix.keys()].sort((a, b) => b - a)
  }

  return {
    get size() {
      return all.size
    },
    get: (network) => all.get(network),
    values: () => all.values(),
    set(network, value) {
      const [prefix, key] = locate(network)
      all.set(network, value)
      const known = byPrefix.get(prefix)
      if (known !== undefined) {
        known.set(key, network)
        return
      }
      byPrefix.set(prefix, new Map([[key, network]]))
      refreshPrefixes()
    },
    delete(network) {
      if (!all.delete(network)) return false
      const [prefix, key] = locate(network)
      const known = byPrefix.get(prefix)
      known?.delete(key)
      if (known?.size === 0) {
        byPrefix.delete(prefix)
        refreshPrefixes()
      }
      return true
    },
    match(address) {
      if (all.size === 0 || !ipaddr.isValid(address)) return []
      const bytes = ipaddr.process(address).toByteArray()
      return prefixes.flatMap((prefix) => {
        if (lengthOf(prefix) !== bytes.length) return []
        const network = byPrefix.get(prefix)?.get(maskedBytes(bytes, prefix % 1000).join('.'))
        const value = network === undefined ? undefined : all.get(network)
        return value === undefined ? [] : [value]
      })
    },
  }
}

type Address = ReturnType<typeof ipaddr.parse>

const prefixId = (length: number, bits: number): number => length * 1000 + bits
const lengthOf = (prefix: number): number => Math.trunc(prefix / 1000)
const hostNetwork = (address: Address): [Address, number] => [
  address,
  address.kind() === 'ipv4' ? 32 : 128,
]

/** A network of IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2) as the IPv4 network it means. */
function unmapped([address, bits]: [Address, number]): [Address, number] {
  if (bits < 96 || address.kind() !== 'ipv6') return [address, bits]
  const plain = ipaddr.process(address.toString())
  return plain.kind() === 'ipv4' ? [plain, bits - 96] : [address, bits]
}

function maskedBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff << (8 - kept)) & 0xff
  })
}
