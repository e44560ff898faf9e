/**
 * Policy: what a caller may do. Permissions `resource:action`, roles with inheritance, assignments per
 * tenant, allow-lists, and explanations of each answer. Read `services.ts` for what can be done.
 */
export { createPolicy } from './policy.ts'
export type { PolicyOptions } from './policy.ts'
export { policyConfig } from './config.ts'
export type { PolicyConfig } from './config.ts'
export { policyCollections } from './collections.ts'
export { covers } from './permission.ts'
export { AllowListError, normalizeListedPath } from './allow-list.ts'
export { roleInput, rolePatch } from './role-service.ts'
export { BUILT_IN_ROLES } from './built-in-roles.ts'
export type {
  AllowList,
  AssignmentService,
  AssignmentView,
  Grant,
  GrantRequest,
  PermissionExplanation,
  Policy,
  RoleChange,
  RoleInput,
  RoleListQuery,
  RoleOrigin,
  RolePatch,
  RoleService,
  RoleVersion,
  RoleView,
} from './services.ts'
export { BundleError } from './bundle/bundle-error.ts'
export type { PolicyPlaces } from './bundle/load.ts'
export type { BundleOptions, PolicySources } from './bundle/sources.ts'
export { SIGNING_ALGORITHMS } from './bundle/jws.ts'
export type { Signing, Verification } from './bundle/signature.ts'
export { namedPolicies, policiesConfig } from './decider/config.ts'
export type { PoliciesConfig } from './decider/config.ts'
export type { Decider, DecidersWorld, Verdict } from './decider/decider.ts'
export type { Deciders } from './decider/deciders.ts'
export type { RequestFacts } from './decider/facts.ts'
export type { PolicyStatus } from './decider/holder.ts'
export { closeKeep } from './decider/keep.ts'
export type { DecidersKeep } from './decider/keep.ts'
export { addDecisionLogs } from './decisions/status.ts'
export type { DecisionLogStatus } from './decisions/status.ts'
export { mergeShadows } from './decider/shadow.ts'
export type { ShadowChange, ShadowReport } from './decider/shadow.ts'
export type { PolicyStore, PolicyStoreOptions } from './store/policy-store.ts'
