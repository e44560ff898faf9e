/**
 * Policy: what a caller may do. Permissions `resource:action`, roles with inheritance, assignments per tenant,
 * allow-lists, and explanations of each answer. See `services.ts` for the operations.
 */
export { createPolicy } from './policy.ts'
export { policyConfig } from './config.ts'
export { policyCollections } from './collections.ts'
export { AllowListError } from './allow-list.ts'
export type { AllowList, Policy } from './services.ts'
export { BundleError } from './bundle/bundle-error.ts'
export type { PolicySources } from './bundle/sources.ts'
export { SIGNING_ALGORITHMS } from './bundle/jws.ts'
export type { Signing, Verification } from './bundle/signature.ts'
export { namedPolicies, policiesConfig } from './decider/config.ts'
export type { Deciders } from './decider/deciders.ts'
export type { RequestFacts } from './decider/facts.ts'
export type { PolicyStatus } from './decider/holder.ts'
export { closeKeep } from './decider/keep.ts'
export type { DecidersKeep } from './decider/keep.ts'
export { addDecisionLogs } from './decisions/status.ts'
export type { DecisionLogStatus } from './decisions/status.ts'
export { mergeShadows } from './decider/shadow.ts'
export type { ShadowReport } from './decider/shadow.ts'
export type { PolicyStore } from './store/policy-store.ts'
