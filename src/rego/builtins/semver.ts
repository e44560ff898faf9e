import { stringOperand } from './operands.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall } from './types.ts'

interface Version {
  readonly numbers: readonly bigint[]
  readonly preRelease: readonly string[]
}

const VERSION =
  /^v?(\d+)\.(\d+)\.(\d+)(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?)?(?:\+(?:[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?)?$/
const NUMBER_MAX = 2n ** 63n - 1n

function parse(text: string): Version | undefined {
  const match = VERSION.exec(text)
  return match === null || match.slice(1, 4).some((number) => BigInt(number) > NUMBER_MAX)
    ? undefined
    : { numbers: match.slice(1, 4).map(BigInt), preRelease: match[4]?.split('.') ?? [] }
}

function order<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Semantic Versioning 2.0.0, item 11. */
function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    const byNumber = order(a.numbers[i]!, b.numbers[i]!)
    if (byNumber !== 0) return byNumber
  }
  if (a.preRelease.length === 0 || b.preRelease.length === 0)
    return order(b.preRelease.length, a.preRelease.length)
  const length = Math.min(a.preRelease.length, b.preRelease.length)
  for (let i = 0; i < length; i++) {
    const byIdentifier = compareIdentifiers(a.preRelease[i]!, b.preRelease[i]!)
    if (byIdentifier !== 0) return byIdentifier
  }
  return order(a.preRelease.length, b.preRelease.length)
}

function compareIdentifiers(a: string, b: string): number {
  const numericA = /^\d+$/.test(a)
  const numericB = /^\d+$/.test(b)
  if (numericA && numericB) return order(BigInt(a), BigInt(b))
  return numericA ? -1 : numericB ? 1 : order(a, b)
}

function versionOperand(args: Parameters<BuiltinCall>[1], index: number): Version {
  const text = stringOperand(args, index)
  const version = parse(text)
  if (version === undefined)
    throw new BuiltinError(`operand ${index + 1}: string "${text}" is not a valid SemVer`)
  return version
}

/** Semantic versions. */
export const SEMVER: Readonly<Record<string, BuiltinCall>> = {
  'semver.is_valid': (_, args) => typeof args[0] === 'string' && parse(args[0]) !== undefined,
  'semver.compare': (_, args) => compareVersions(versionOperand(args, 0), versionOperand(args, 1)),
}
