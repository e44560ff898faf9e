import { lastOf, networkAt, networkText, parseAddress, parseNetwork } from './address.ts'
import type { Address, Network } from './address.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'

interface Range {
  readonly bits: 32 | 128
  readonly first: bigint
  readonly last: bigint
  /** The text of a block that was not merged with another. */
  readonly text: string | undefined
}

/** The fewest blocks that cover the same addresses: adjacent and overlapping ones become one. */
export function mergeNetworks(items: readonly Value[]): string[] {
  const ranges = items.map(rangeOf).sort(compareRanges)
  const merged: Range[] = []
  for (let current of ranges) {
    for (
      let previous = merged.at(-1);
      previous !== undefined && touches(previous, current);
      previous = merged.at(-1)
    ) {
      merged.pop()
      const first = previous.first < current.first ? previous.first : current.first
      current = { bits: current.bits, first, last: current.last, text: undefined }
    }
    merged.push(current)
  }
  return merged.flatMap((range) => (range.text === undefined ? blocksOf(range) : [range.text]))
}

function touches(previous: Range, current: Range): boolean {
  return previous.bits === current.bits && current.first <= previous.last + 1n
}

function compareRanges(a: Range, b: Range): number {
  if (a.bits !== b.bits) return a.bits - b.bits
  if (a.last !== b.last) return a.last < b.last ? -1 : 1
  return a.first < b.first ? -1 : a.first > b.first ? 1 : 0
}

function rangeOf(item: Value): Range {
  if (typeof item !== 'string') throw new BuiltinError('element must be string')
  const address = parseAddress(item)
  const network = address === undefined ? parseNetwork(item) : classful(address)
  if (network === undefined) throw new BuiltinError(`invalid CIDR address: ${item}`)
  const text = address === undefined ? networkText(network) : `${item}/${network.prefix}`
  return { bits: network.bits, first: network.value, last: lastOf(network), text }
}

/** A bare IPv4 address stands for the network of its class (RFC 791), as in OPA. */
function classful(address: Address): Network {
  if (address.bits === 128) throw new BuiltinError('IPv6 invalid: needs prefix length')
  const firstOctet = Number(address.value >> 24n)
  const prefix = firstOctet < 128 ? 8 : firstOctet < 192 ? 16 : firstOctet < 224 ? 24 : 32
  return networkAt(address, prefix)
}

/** Splits a range into aligned blocks, the largest possible at each step. */
function blocksOf({ bits, first, last }: Range): string[] {
  const blocks: string[] = []
  let start = first
  while (start <= last) {
    let prefix = bits as number
    while (prefix > 0) {
      const wider = networkAt({ bits, value: start }, prefix - 1)
      if (wider.value !== start || lastOf(wider) > last) break
      prefix--
    }
    const block = networkAt({ bits, value: start }, prefix)
    blocks.push(networkText(block))
    start = lastOf(block) + 1n
  }
  return blocks
}
