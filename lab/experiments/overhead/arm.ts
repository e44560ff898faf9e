import type { SliceRequest } from '../../slices/index.ts'

/**
 * What an arm is for:
 * - `baseline`: no layer at all;
 * - `duplicate`: the baseline once more, which shows the difference that is seen when there is none (A/A);
 * - `alone`: one layer, compared with the baseline, or with the arm `against` that it builds on;
 * - `without`: all layers but one, compared with all;
 * - `all`: all layers, compared with the baseline;
 * - `refused`: a request that a layer refuses, compared with the baseline.
 */
export type ArmRole = 'all' | 'alone' | 'baseline' | 'duplicate' | 'refused' | 'without'

/** A variant of the server, with the request that reaches it. */
export type Arm = {
  readonly name: string
  readonly role: ArmRole
  /** The layer that is alone, left out, or refuses. */
  readonly layer: string | null
  /** Name of the arm to compare with; default by role. */
  readonly against?: string
  readonly request: SliceRequest
}

/** An arm as records contain it: without its request. */
export type ArmName = Pick<Arm, 'against' | 'layer' | 'name' | 'role'>

/** Index of the arm that an arm is compared with; `undefined` for the baseline itself. */
export function referenceOf(arms: readonly ArmName[], arm: ArmName): number | undefined {
  if (arm.role === 'baseline') return undefined
  const role = arm.role === 'without' ? 'all' : 'baseline'
  const at = arms.findIndex((candidate) =>
    arm.against === undefined ? candidate.role === role : candidate.name === arm.against,
  )
  return at < 0 ? undefined : at
}

/** What is wrong with a set of arms; `undefined` if nothing is. */
export function problemOf(arms: readonly ArmName[]): string | undefined {
  const names = new Set(arms.map(({ name }) => name))
  if (names.size < arms.length) return 'two arms have the same name'
  if (arms.filter(({ role }) => role === 'baseline').length !== 1) {
    return 'exactly one arm must have the role baseline'
  }
  if (arms.filter(({ role }) => role === 'all').length > 1) return 'two arms have the role all'
  const lonely = arms.find((arm) => arm.role !== 'baseline' && referenceOf(arms, arm) === undefined)
  if (lonely !== undefined) return `${lonely.name} has nothing to be compared with`
  const nameless = arms.find(({ role, layer }) => /alone|without/.test(role) && layer === null)
  if (nameless !== undefined) return `${nameless.name} does not say which layer`
  return arms.length < 2 ? 'there is nothing to compare' : undefined
}
