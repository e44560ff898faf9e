/** The admin API: everything Tollgate administers, over HTTP. */
export type { AdminApp, AdminOptions } from './app.ts'
export { createAdminApp } from './app.ts'
export { describeApi } from './document.ts'
export { OPERATIONS } from './operations.ts'
export type { Explanation, ExplainRequest, LayerVerdict } from './explanation.ts'
export type {
  AdminParts,
  ConfigControl,
  ConfigState,
  ConfigVerdict,
  GateView,
  RouteListing,
} from './parts.ts'
export type { RootKey } from './root-key.ts'
export { openRootKey, rootKeyCollection } from './root-key.ts'
export { idempotencyCollection } from './idempotency.ts'
