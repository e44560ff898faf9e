import { fromBigInt, stringifyJson } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { stringOperand } from './operands.ts'
import type { BuiltinCall, BuiltinContext } from './types.ts'

const TEXT = /^(?:urn:uuid:)?([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})-([\da-f]{12})$/i
const BRACED = /^\{([^{}]{36})\}$/
const BARE = /^([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/i
/** 100 ns intervals from the start of the Gregorian calendar, 1582-10-15, to 1970. */
const GREGORIAN_OFFSET = 122_192_928_000_000_000n
const DOMAINS: readonly string[] = ['Person', 'Group', 'Org']

function parse(text: string): Value | undefined {
  const match = TEXT.exec(BRACED.exec(text)?.[1] ?? text) ?? BARE.exec(text)
  if (match === null) return undefined
  const [timeLow, timeMid, timeHigh, sequence, node] = match
    .slice(1)
    .map((part) => BigInt(`0x${part}`)) as [bigint, bigint, bigint, bigint, bigint]
  const version = Number(timeHigh >> 12n)
  const common = { version, variant: variantOf(Number(sequence >> 8n)) }
  if (version !== 1 && version !== 2) return common
  const ticks = ((timeHigh & 0xfffn) << 48n) | (timeMid << 32n) | timeLow
  const described = {
    ...common,
    time: fromBigInt((ticks - GREGORIAN_OFFSET) * 100n),
    nodeid: (match[5] ?? '').toLowerCase().replace(/..(?=.)/g, '$&-'),
    macvariables: macVariables(Number(node >> 40n)),
    clocksequence: Number(sequence & 0x3fffn),
  }
  if (version === 1) return described
  const domain = Number(sequence & 0xffn)
  return { ...described, id: Number(timeLow), domain: DOMAINS[domain] ?? `Domain${domain}` }
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122'
  if ((byte & 0xe0) === 0xc0) return 'Microsoft'
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved'
}

function macVariables(firstByte: number): string {
  return `${(firstByte & 2) === 2 ? 'local' : 'global'}:${(firstByte & 1) === 1 ? 'multicast' : 'unicast'}`
}

function random(context: BuiltinContext, seed: Value): Value {
  const key = `uuid.rfc4122:${stringifyJson(seed)}`
  const known = context.memo.get(key)
  if (known !== undefined) return known
  const bytes = Uint8Array.from(context.randomBytes(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const uuid = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  context.memo.set(key, uuid)
  return uuid
}

/** Universally unique identifiers (RFC 9562). */
export const UUIDS: Readonly<Record<string, BuiltinCall>> = {
  'uuid.parse': (_, args) => parse(stringOperand(args, 0)),
  'uuid.rfc4122': (context, args) => random(context, args[0]!),
}
