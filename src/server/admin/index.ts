/** The admin API: everything Tollgate administers, over HTTP. */
export type { AdminApp } from './app.ts'
export { createAdminApp } from './app.ts'
export { describeApi } from './document.ts'
export { OPERATIONS } from './operations.ts'
export type { Explanation, ExplainRequest, LayerVerdict } from './explanation.ts'
export type {
  CacheControl,
  ConfigControl,
  ConfigState,
  ConfigVerdict,
  GateView,
  PurgeKind,
  RouteListing,
} from './parts.ts'
export type { RootKey } from './root-key.ts'
export { openRootKey, rootKeyCollection } from './root-key.ts'
export { idempotencyCollection } from './idempotency.ts'
