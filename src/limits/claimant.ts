import type { Caller } from '../core/caller.ts'
import type { Claim, CounterShape } from '../storage/index.ts'
import { addressGroup } from './address-group.ts'
import type { SubjectKind } from './config.ts'

/** Makes the claim of one limit for one request. */
export type Claimant = (shape: CounterShape, address: string, caller: Caller) => Claim

/** What a claimant is compiled from. */
export interface ClaimantSpec {
  readonly limit: string
  readonly by: SubjectKind | readonly SubjectKind[]
  readonly routeId: string
  readonly cost: number
  readonly shadow: boolean
}

type CallerPart = Exclude<SubjectKind, 'route' | 'address'>

/**
 * Compiles whom a limit counts. What is constant (the limit, the route) goes into the counter's
 * name, so that the subject of a request is an id it already carries; only subjects combined of
 * several parts are put together per request, each part typed and length-prefixed.
 *
 * When the caller lacks a part, the next best one is counted under a name of its own
 * (`daily@address`), so that no id can pass for an address.
 */
export function compileClaimant(spec: ClaimantSpec): Claimant {
  const { cost, shadow } = spec
  const kinds = typeof spec.by === 'string' ? [spec.by] : [...new Set(spec.by)]
  const name = kinds.includes('route') ? `${spec.limit}/${spec.routeId}` : spec.limit
  const parts = kinds.filter((kind) => kind !== 'route')
  const [first, ...others] = parts
  if (first === undefined) return (shape) => ({ name, shape, subject: '', cost, shadow })
  if (others.length > 0) {
    return (shape, address, caller) => {
      let subject = ''
      for (const part of parts) subject += combinedPart(part, address, caller)
      return { name, shape, subject, cost, shadow }
    }
  }
  if (first === 'address') {
    return (shape, address) => ({ name, shape, subject: addressGroup(address), cost, shadow })
  }
  const keyName = first === 'key' || first === 'client' ? name : `${name}@key`
  const addressName = `${name}@address`
  return (shape, address, caller) => {
    const own = partOf(first, caller)
    if (own !== '') return { name, shape, subject: own, cost, shadow }
    return caller.id === ''
      ? { name: addressName, shape, subject: addressGroup(address), cost, shadow }
      : { name: keyName, shape, subject: caller.id, cost, shadow }
  }
}

function partOf(part: CallerPart, caller: Caller): string {
  if (part === 'user') return caller.userId ?? ''
  return part === 'tenant' ? caller.tenantId : caller.id
}

function combinedPart(part: CallerPart | 'address', address: string, caller: Caller): string {
  const own = part === 'address' ? '' : partOf(part, caller)
  if (own !== '') return `${part}:${own.length}:${own};`
  if (part !== 'address' && caller.id !== '') return `key:${caller.id.length}:${caller.id};`
  const group = addressGroup(address)
  return `address:${group.length}:${group};`
}
