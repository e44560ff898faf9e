import ipaddr from 'ipaddr.js'
import { parseNetwork } from '../../core/address.ts'

/**
 * Maps networks to values. An address is looked up once for each prefix length in use, however many networks
 * there are.
 */
export interface NetworkTable<T> {
  readonly size: number
  set(network: string, value: T): void
  delete(network: string): boolean
  get(network: string): T | undefined
  values(): Iterable<T>
  /** The value of the narrowest network that contains a canonical address and whose value `accept` accepts. */
  match(address: string, accept: (value: T) => boolean): T | undefined
}

/** Networks of one prefix length: masked address → network. */
interface Prefix<K> {
  readonly bits: number
  readonly networks: Map<K, string>
}

/**
 * The canonical text of an address or a network: host bits cleared, IPv4-mapped IPv6 as IPv4, single addresses
 * without a prefix length; `undefined` when the text is neither.
 */
export function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text)
  if (network === undefined) return undefined
  const [address, bits] = network
  const bytes = address.toByteArray()
  if (bits === bytes.length * 8) return address.toString()
  return `${ipaddr.fromByteArray(maskedBytes(bytes, bits)).toString()}/${bits}`
}

/** Creates an empty {@link NetworkTable}; networks must have the form that {@link canonicalNetwork} returns. */
export function createNetworkTable<T>(): NetworkTable<T> {
  const all = new Map<string, T>()
  // Longest prefix first.
  const fours: Prefix<number>[] = []
  const sixes: Prefix<string>[] = []

  const find = <K>(
    prefixes: readonly Prefix<K>[],
    keyOf: (bits: number) => K,
    accept: (value: T) => boolean,
  ): T | undefined => {
    for (const { bits, networks } of prefixes) {
      const network = networks.get(keyOf(bits))
      const value = network === undefined ? undefined : all.get(network)
      if (value !== undefined && accept(value)) return value
    }
    return undefined
  }

  return {
    get size() {
      return all.size
    },
    get: (network) => all.get(network),
    values: () => all.values(),
    set(network, value) {
      all.set(network, value)
      const [bytes, bits] = bytesOf(network)
      if (bytes.length === 4) add(fours, bits, maskedNumber(toNumber(bytes), bits), network)
      else add(sixes, bits, maskedBytes(bytes, bits).join('.'), network)
    },
    delete(network) {
      if (!all.delete(network)) return false
      const [bytes, bits] = bytesOf(network)
      if (bytes.length === 4) remove(fours, bits, maskedNumber(toNumber(bytes), bits))
      else remove(sixes, bits, maskedBytes(bytes, bits).join('.'))
      return true
    },
    match(address, accept) {
      const four = parseIpv4(address)
      if (four !== undefined) return find(fours, (bits) => maskedNumber(four, bits), accept)
      if (sixes.length === 0 || !ipaddr.IPv6.isValid(address)) return undefined
      const bytes = ipaddr.parse(address).toByteArray()
      return find(sixes, (bits) => maskedBytes(bytes, bits).join('.'), accept)
    },
  }
}

function add<K>(prefixes: Prefix<K>[], bits: number, key: K, network: string): void {
  let prefix = prefixes.find((candidate) => candidate.bits === bits)
  if (prefix === undefined) {
    prefix = { bits, networks: new Map() }
    prefixes.push(prefix)
    prefixes.sort((a, b) => b.bits - a.bits)
  }
  prefix.networks.set(key, network)
}

function remove<K>(prefixes: Prefix<K>[], bits: number, key: K): void {
  const at = prefixes.findIndex((candidate) => candidate.bits === bits)
  const prefix = prefixes[at]
  prefix?.networks.delete(key)
  if (prefix?.networks.size === 0) prefixes.splice(at, 1)
}

function bytesOf(network: string): readonly [bytes: readonly number[], bits: number] {
  const parsed = parseNetwork(network)
  if (parsed === undefined) throw new RangeError(`not a network: ${network}`)
  return [parsed[0].toByteArray(), parsed[1]]
}

/** A canonical IPv4 address as a number; `undefined` for anything else. Runs on every request. */
function parseIpv4(text: string): number | undefined {
  let value = 0
  let part = 0
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) {
      value = value * 256 + part
      part = 0
      dots++
    } else if (code >= 0x30 && code <= 0x39) part = part * 10 + code - 0x30
    else return undefined
  }
  return dots === 3 ? value * 256 + part : undefined
}

const toNumber = (bytes: readonly number[]): number =>
  bytes.reduce((value, byte) => value * 256 + byte, 0)

const maskedNumber = (value: number, bits: number): number => value - (value % 2 ** (32 - bits))

function maskedBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff << (8 - kept)) & 0xff
  })
}
