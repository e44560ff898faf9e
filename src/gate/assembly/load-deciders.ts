import type { createDeciders } from '../../policy/with-rego.ts'
import type { GatewayConfig } from '../config/index.ts'

/** Compiles the policies of a configuration. */
export type CreateDeciders = typeof createDeciders

/**
 * Loads the compiler of Rego policies, if the configuration has any. It is a sixth of the whole program, so a
 * gate without policies starts without it.
 */
export async function loadDeciders({
  policies,
}: Pick<GatewayConfig, 'policies'>): Promise<CreateDeciders> {
  if (Object.keys(policies).length === 0) return withoutPolicies
  return (await import('../../policy/with-rego.ts')).createDeciders
}

const NO_DECIDERS: ReturnType<CreateDeciders>['deciders'] = {
  get: () => undefined,
  shadows: () => [],
  status: () => [],
  log: () => undefined,
  start: () => undefined,
  close: () => Promise.resolve(),
}

/** Stands in for the compiler where there is nothing to compile. */
export const withoutPolicies: CreateDeciders = (policies) => {
  const [name] = Object.keys(policies)
  if (name !== undefined)
    throw new Error(`the compiler of policies is not loaded; ${name} needs it`)
  return { deciders: NO_DECIDERS, problems: [] }
}
