import { nearest } from '../../core/config/nearest.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'
import type { AdminParts } from './parts.ts'

/** The limits of a key, or those that a tenant sets for all its keys and users. */
export interface OwnLimits {
  readonly limits?: Readonly<Record<string, number>> | null | undefined
  readonly plan?: string | null | undefined
}

/**
 * Refuses own limits whose names are not in the configuration, and a plan that no limit knows if some limits have
 * plans. Otherwise a typo would leave the key, or the whole tenant, with the limits that apply to everyone.
 */
export function refuseUnknownLimits(
  { limits, plan }: OwnLimits,
  { limiter }: Pick<AdminParts, 'limiter'>,
): Refusal | undefined {
  const configured = limiter().list()
  const names = configured.map(({ name }) => name)
  const plans = configured.flatMap(({ config }) =>
    'plans' in config ? Object.keys(config.plans) : [],
  )
  const errors = Object.keys(limits ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => ({
      in: 'body',
      pointer: `/limits/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      message: unknown('limit', name, names),
    }))
  if (plan !== undefined && plan !== null && plans.length > 0 && !plans.includes(plan)) {
    errors.push({ in: 'body', pointer: '/plan', message: unknown('plan', plan, plans) })
  }
  if (errors.length === 0) return undefined
  const detail = `${errors.length === 1 ? 'One mistake' : `${errors.length} mistakes`} in the body.`
  return refuse('request_invalid', { detail, extra: { errors } })
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return `no ${what} is named ${JSON.stringify(name)}${hint}`
}
