import type { Value } from '../values/index.ts'

const DOT = 46
const ZERO = 48
const NETWORKS_MAX = 4096
/** The length of `255.255.255.255/32`. */
const NETWORK_CHARACTERS_MAX = 18

/** Reads a dotted IPv4 address that ends at an offset; -1 if it is not a plain one. */
function readAddress(text: string, end: number): number {
  let address = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (octet === -1 || ++dots > 3) return -1
      address = address * 256 + octet
      octet = -1
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || octet === 0) return -1
      octet = octet === -1 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet !== -1 ? address * 256 + octet : -1
}

/** Reads the prefix length after the slash; -1 if it is not a plain one. */
function readPrefix(text: string, from: number): number {
  const length = text.length - from
  const first = text.charCodeAt(from) - ZERO
  if (length < 1 || length > 2 || first < 0 || first > 9) return -1
  if (length === 1) return first
  const second = text.charCodeAt(from + 1) - ZERO
  const prefix = first * 10 + second
  return first === 0 || second < 0 || second > 9 || prefix > 32 ? -1 : prefix
}

/** An IPv4 network: the addresses whose masked bits, as a signed 32-bit number, are `base`. */
export interface PlainNetwork {
  readonly base: number
  readonly mask: number
}

/** Reads an IPv4 network; `undefined` for any other text. */
export function readNetwork(text: string): PlainNetwork | undefined {
  if (text.length > NETWORK_CHARACTERS_MAX) return undefined
  const slash = text.indexOf('/')
  const prefix = slash === -1 ? -1 : readPrefix(text, slash + 1)
  const address = prefix === -1 ? -1 : readAddress(text, slash)
  if (address === -1) return undefined
  // A shift by 32 bits would be a shift by none.
  const mask = prefix === 0 ? 0 : -1 << (32 - prefix)
  return { base: address & mask, mask }
}

/** Evaluates `net.cidr_contains` for IPv4; remembers the networks that it has read, and the last address. */
export class PlainNetworks {
  readonly #networks = new Map<string, PlainNetwork>()
  #text = ''
  #address = -1

  /** An IPv4 address as a number; -1 for everything else. */
  address(value: Value | undefined): number {
    if (typeof value !== 'string') return -1
    if (value !== this.#text) {
      this.#address = readAddress(value, value.length)
      this.#text = this.#address === -1 ? '' : value
    }
    return this.#address
  }

  /** Whether a network contains an address; `undefined` if the built-in must decide. */
  contains(network: Value, address: Value): boolean | undefined {
    const inner = this.address(address)
    if (inner === -1 || typeof network !== 'string') return undefined
    const known = this.#networks.get(network) ?? this.#read(network)
    return known && (inner & known.mask) === known.base
  }

  #read(text: string): PlainNetwork | undefined {
    const network = readNetwork(text)
    if (network !== undefined && this.#networks.size < NETWORKS_MAX)
      this.#networks.set(text, network)
    return network
  }
}
