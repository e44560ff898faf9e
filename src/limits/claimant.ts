import type { Caller } from '../core/caller.ts'
import type { Claim, CounterShape } from '../storage/index.ts'
import { addressGroup } from './address-group.ts'
import type { SubjectKind } from './config.ts'

/** A claim that is filled in again for each request. */
export type ClaimForm = { -readonly [Field in keyof Claim]: Claim[Field] }

/** Makes the claims of one limit. */
export interface Claimant {
  /** An empty form: cost and shadow are set, name, shape and subject are not. */
  form(shape: CounterShape): ClaimForm
  /** Fills in a form for one request. */
  fill(form: ClaimForm, shape: CounterShape, address: string, caller: Caller): void
}

/** What {@link compileClaimant} needs. */
export interface ClaimantSpec {
  readonly limit: string
  readonly by: SubjectKind | readonly SubjectKind[]
  readonly routeId: string
  readonly cost: number
  readonly shadow: boolean
}

type CallerPart = Exclude<SubjectKind, 'route' | 'address'>

/**
 * Compiles by whom a limit counts. What is constant (the limit, the route) goes into the counter's name, so that
 * the subject of a request is an id that it already carries. Only subjects of several parts are put together for
 * each request, each part typed and length-prefixed.
 *
 * When the caller lacks a part, the next best one is counted under a counter name of its own (`daily@address`), so
 * that no id can pass for an address.
 */
export function compileClaimant(spec: ClaimantSpec): Claimant {
  const { cost, shadow } = spec
  const kinds = typeof spec.by === 'string' ? [spec.by] : [...new Set(spec.by)]
  const name = kinds.includes('route') ? `${spec.limit}/${spec.routeId}` : spec.limit
  const fillSubject = compileSubject(
    name,
    kinds.filter((kind) => kind !== 'route'),
  )
  return {
    form: (shape) => ({ name, shape, subject: '', cost, shadow }),
    fill(form, shape, address, caller) {
      form.shape = shape
      fillSubject(form, address, caller)
    },
  }
}

/** Compiles the parts into a function that sets the name and subject of a form. */
function compileSubject(
  name: string,
  parts: readonly Exclude<SubjectKind, 'route'>[],
): (form: ClaimForm, address: string, caller: Caller) => void {
  const [first, ...others] = parts
  if (first === undefined) return () => undefined
  if (others.length > 0) {
    return (form, address, caller) => {
      let subject = ''
      for (const part of parts) subject += combinedPart(part, address, caller)
      form.subject = subject
    }
  }
  if (first === 'address') {
    return (form, address) => {
      form.subject = addressGroup(address)
    }
  }
  const keyName = first === 'key' || first === 'client' ? name : `${name}@key`
  const addressName = `${name}@address`
  return (form, address, caller) => {
    const own = partOf(first, caller)
    if (own !== '') {
      form.name = name
      form.subject = own
    } else if (caller.id === '') {
      form.name = addressName
      form.subject = addressGroup(address)
    } else {
      form.name = keyName
      form.subject = caller.id
    }
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
