import type { Policy, Prepared } from '../../rego/index.ts'

/** What a policy itself says about decisions in the log: OPA's rules in `package system.log`. */
export interface MaskRules {
  /** Returns what must be removed: a set of JSON pointers, or of objects `{op, path, value}`. */
  readonly mask: Prepared | undefined
  /** Is `true` for a decision that must not be logged. */
  readonly drop: Prepared | undefined
}

/** Finds `data.system.log.mask` and `data.system.log.drop`. */
export function maskRulesOf(policy: Policy): MaskRules {
  const labels = new Set(policy.rules().map(({ label }) => label))
  const find = (label: string): Prepared | undefined =>
    labels.has(label) ? policy.prepare(label) : undefined
  return { mask: find('data.system.log.mask'), drop: find('data.system.log.drop') }
}
