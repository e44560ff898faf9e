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
export { normalizeListedPath } from './allow-list.ts'
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
export { loadSources } from './bundle/load.ts'
export type { PolicyPlaces } from './bundle/load.ts'
export { readBundle, writeBundle } from './bundle/sources.ts'
export type { BundleOptions, PolicySources } from './bundle/sources.ts'
export { policiesConfig } from './decider/config.ts'
export type { PoliciesConfig } from './decider/config.ts'
export { createDeciders } from './decider/deciders.ts'
export type { Decider, Deciders, DecidersWorld, Verdict } from './decider/deciders.ts'
export type { RequestFacts } from './decider/facts.ts'
export { mergeShadows } from './decider/shadow.ts'
export type { ShadowChange, ShadowReport } from './decider/shadow.ts'
export { parseDocument } from './bundle/documents.ts'
export { edited, valueAt } from './store/edit.ts'
export { createPolicyStore } from './store/policy-store.ts'
export type { PolicyStore, PolicyStoreOptions } from './store/policy-store.ts'
