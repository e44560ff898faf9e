import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { AllowList } from '../policy/index.ts'
import type { BodyReader } from './read-body.ts'
import type { Exchange } from './exchange.ts'
import type { PolicyDecider } from './policy-decider.ts'
import type { StageBody, Step } from './stage.ts'
import type { ValueSource } from './read-value.ts'

/** What a route requires of its caller. */
export interface AuthorizeOptions {
  readonly permission: string | undefined
  /** A value that must be the id of the caller's own tenant. */
  readonly tenant: ValueSource | undefined
  readonly allowList: { readonly list: AllowList; readonly value: ValueSource } | undefined
  /** A policy that is asked when everything else has passed. */
  readonly policy: PolicyDecider | undefined
  readonly readBody: BodyReader
  readonly countAllowList: (hit: boolean) => void
}

/**
 * Allowed? Checks the permission first, then tenant, allow-list and policy. Synchronous, unless the body has to
 * be read first.
 */
export function createAuthorize(options: AuthorizeOptions): StageBody {
  const { permission, tenant, allowList, policy, readBody } = options
  const valuesNeedBody = tenant?.needsBody === true || allowList?.value.needsBody === true
  const needsBody = (exchange: Exchange): boolean =>
    valuesNeedBody || (policy?.readsBody === true && exchange.request.body !== null)
  const decide = (exchange: Exchange): Step =>
    (tenant && checkTenant(exchange, tenant)) ??
    (allowList && checkAllowList(exchange, allowList, options.countAllowList)) ??
    (policy && askPolicy(exchange, policy))
  return {
    run(exchange) {
      if (permission !== undefined && !exchange.caller.permissions.has(permission)) {
        exchange.rule = `permission ${permission} is not granted`
        return refuse('permission_denied', { extra: { permission } })
      }
      if (exchange.notes !== undefined) exchange.rule = grantedBy(exchange, permission)
      if (tenant === undefined && allowList === undefined && policy === undefined) return undefined
      return (needsBody(exchange) ? readBody(exchange) : undefined) ?? decide(exchange)
    },
  }
}

function grantedBy({ caller }: Exchange, permission: string | undefined): string {
  if (permission === undefined) return 'no permission needed'
  const granted = caller.permissions.explain(permission)
  return granted === undefined
    ? `permission ${permission}`
    : `permission ${permission} by ${granted.permission} of ${granted.role}`
}

function checkTenant(exchange: Exchange, source: ValueSource): Refusal | undefined {
  if (source.read(exchange) === exchange.caller.tenantId) return undefined
  exchange.rule = "not the caller's tenant"
  return refuse('not_found', { internal: 'another tenant' })
}

function checkAllowList(
  exchange: Exchange,
  { list, value }: { readonly list: AllowList; readonly value: ValueSource },
  count: (hit: boolean) => void,
): Refusal | undefined {
  const text = value.read(exchange)
  const listed = text !== undefined && list.has(text)
  count(listed)
  if (listed) return undefined
  exchange.rule = `not on allow-list ${list.name}`
  return refuse('permission_denied', { detail: 'The value is not on the allow-list.' })
}

function askPolicy(exchange: Exchange, policy: PolicyDecider): Refusal | undefined {
  const { allowed, rule, reason } = policy.decide(exchange, exchange.notes !== undefined)
  exchange.rule = rule
  exchange.decision = rule
  if (allowed) return undefined
  return refuse('permission_denied', {
    extra: { policy: policy.name },
    internal: rule,
    ...(reason !== undefined && { detail: reason }),
  })
}
