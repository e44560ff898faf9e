/**
 * Policy: what a caller may do. Permissions `resource:action`, roles with inheritance, assignments per
 * tenant, allow-lists, and explanations of each answer. Read `services.ts` for what can be done.
 */
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
