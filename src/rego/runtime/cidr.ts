import type { Value } from '../values/index.ts'

const DOT = 46
const ZERO = 48

/** Reads a dotted IPv4 address between two offsets; -1 when it is not a plain one. */
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

/** Reads the length of a prefix after the slash; -1 when it is not a plain one. */
function readPrefix(text: string, from: number): number {
  const length = text.length - from
  const first = text.charCodeAt(from) - ZERO
  if (length < 1 || length > 2 || first < 0 || first > 9) return -1
  if (length === 1) return first
  const second = text.charCodeAt(from + 1) - ZERO
  const prefix = first * 10 + second
  return first === 0 || second < 0 || second > 9 || prefix > 32 ? -1 : prefix
}

/** `net.cidr_contains` for an IPv4 network and address; `undefined` when the built-in has to decide. */
export function cidrFast(network: Value, address: Value): boolean | undefined {
  if (typeof network !== 'string' || typeof address !== 'string') return undefined
  const slash = network.indexOf('/')
  if (slash === -1) return undefined
  const prefix = readPrefix(network, slash + 1)
  const base = prefix === -1 ? -1 : readAddress(network, slash)
  const inner = base === -1 ? -1 : readAddress(address, address.length)
  if (inner === -1) return undefined
  const size = 2 ** (32 - prefix)
  return Math.floor(base / size) === Math.floor(inner / size)
}
