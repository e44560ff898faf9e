/**
 * What configurations may say of caching: an entry of its own, so that reading one does not load the cache,
 * which most gates have no use for.
 */
export { responsesConfig, routeCacheConfig } from './http/config.ts'
export type { ResponsesConfig, RouteCacheConfig } from './http/config.ts'
