import { isArray, isObject, RSet, sortedEntries } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { Builtin, BuiltinCall, BuiltinContext } from '../types.ts'
import { addressText, contains, lastOf, parseAddress, parseNetwork } from './address.ts'
import type { Address, Network } from './address.ts'
import { mergeNetworks } from './merge.ts'

type Args = readonly Value[]

/** A block is expanded completely; larger ones are refused before they exhaust memory. */
const EXPANDED_MAX = 1n << 20n
const ELEMENT_TYPE = 'element must be string or non-empty array'

function networkOperand(args: Args, index: number): Network {
  const text = stringOperand(args, index)
  const network = parseNetwork(text)
  if (network === undefined) throw new BuiltinError(`invalid CIDR address: ${text}`)
  return network
}

function containsText(network: Network, text: string): boolean {
  const address = parseAddress(text)
  if (address !== undefined) return contains(network, address)
  const inner = parseNetwork(text)
  if (inner === undefined) {
    throw new BuiltinError(`not a valid textual representation of an IP address or CIDR: ${text}`)
  }
  return contains(network, inner) && contains(network, { bits: inner.bits, value: lastOf(inner) })
}

/** Whether either network holds the other's first address. */
function intersects(a: Network, b: Network): boolean {
  return contains(a, b) || contains(b, a)
}

/** The texts within an operand, each with what names it in the result: index, key or member. */
function labelled(args: Args, index: number): [string, Value][] {
  const operand = args[index]!
  if (typeof operand === 'string') return [[operand, operand]]
  const textOf = (item: Value): string => {
    const text = isArray(item) ? item[0] : item
    if (typeof text !== 'string') throw new BuiltinError(`operand ${index + 1}: ${ELEMENT_TYPE}`)
    return text
  }
  if (isArray(operand)) return operand.map((item, i) => [textOf(item), i])
  if (operand instanceof RSet) return operand.values().map((item) => [textOf(item), item])
  return isObject(operand) ? sortedEntries(operand).map(([key, item]) => [textOf(item), key]) : []
}

function containsMatches(args: Args): RSet {
  const matches = new RSet()
  const candidates = labelled(args, 1)
  for (const [cidr, label] of labelled(args, 0)) {
    if (candidates.length === 0) break
    const network = networkOperand([cidr], 0)
    for (const [text, other] of candidates)
      if (containsText(network, text)) matches.add([label, other])
  }
  return matches
}

function expand(context: BuiltinContext, network: Network): RSet {
  const size = 1n << BigInt(network.bits - network.prefix)
  if (size > EXPANDED_MAX)
    throw new BuiltinError(`a block of ${size} addresses is too large to expand`)
  const addresses = new RSet()
  for (let value = network.value; value <= lastOf(network); value++) {
    if ((value & 0xffffn) === 0n) context.signal?.throwIfAborted()
    addresses.add(addressText({ bits: network.bits, value }))
  }
  return addresses
}

function merge(args: Args): RSet {
  const operand = args[0]!
  const items = isArray(operand) ? operand : operand instanceof RSet ? operand.values() : undefined
  if (items === undefined) throw new BuiltinError('operand must be an array')
  return RSet.from(mergeNetworks(items))
}

function literalAddress(name: string): RSet | undefined {
  // The name of the loopback address is never resolved (RFC 6761, section 6.3).
  const address: Address | undefined = parseAddress(name === 'localhost' ? '127.0.0.1' : name)
  return address === undefined ? undefined : new RSet().add(addressText(address))
}

/** Without waiting, only a literal address can be answered. */
function lookupLiteral(args: Args): Value {
  const literal = literalAddress(stringOperand(args, 0))
  if (literal === undefined)
    throw new BuiltinError('waits for the network: evaluate asynchronously')
  return literal
}

async function lookupAddresses(context: BuiltinContext, args: Args): Promise<Value> {
  const name = stringOperand(args, 0)
  const literal = literalAddress(name)
  if (literal !== undefined) return literal
  if (context.lookup === undefined) throw new BuiltinError('name lookups are not allowed')
  return RSet.from(await context.lookup(name))
}

const containsCall: BuiltinCall = (_, args) =>
  containsText(networkOperand(args, 0), stringOperand(args, 1))

/** IP addresses and networks. */
export const NETWORKS: Readonly<Record<string, BuiltinCall>> = {
  'net.cidr_contains': containsCall,
  'net.cidr_overlap': containsCall,
  'net.cidr_intersects': (_, args) => intersects(networkOperand(args, 0), networkOperand(args, 1)),
  'net.cidr_contains_matches': (_, args) => containsMatches(args),
  'net.cidr_expand': (context, args) => expand(context, networkOperand(args, 0)),
  'net.cidr_is_valid': (_, args) =>
    typeof args[0] === 'string' && parseNetwork(args[0]) !== undefined,
  'net.cidr_merge': (_, args) => merge(args),
  'net.lookup_ip_addr': (_, args) => lookupLiteral(args),
}

/** Name lookups, which wait for the network. */
export const ASYNC_NETWORKS: Readonly<Record<string, NonNullable<Builtin['callAsync']>>> = {
  'net.lookup_ip_addr': lookupAddresses,
}
