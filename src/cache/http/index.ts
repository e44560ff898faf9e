/** HTTP caching by the book: RFC 9111, 9211, 9213 and 5861. */
export { AVAILABLE_CODINGS } from './compress.ts'
export { TARGETED_FIELDS } from './directives.ts'
export type { FieldReader } from './fields.ts'
export { normalizeHost } from './invalidation.ts'
export type { ResourceUrl } from './invalidation.ts'
export type {
  Asking,
  LookupResult,
  Origin,
  Recalled,
  RecallOptions,
  RecallRequest,
} from './recall-types.ts'
export {
  everyResponse,
  pathName,
  responseKey,
  routeName,
  surrogateName,
  tenantName,
  urlName,
} from './resource-names.ts'
export { createResponseCaches } from './response-caches.ts'
export type { ResponseCaches, ResponseStats } from './response-caches.ts'
export { createResponseStore } from './response-store.ts'
export type { RouteCache } from './route-cache.ts'
export { REASONS_NOT_TO_STORE } from './store-decision.ts'
export type { NotStored } from './store-decision.ts'
