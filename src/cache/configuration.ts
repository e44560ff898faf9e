/**
 * What a configuration may say about caching. It is an entry point of its own, so that reading a configuration does
 * not load the cache, which most gates do not need.
 */
export { responsesConfig, routeCacheConfig } from './http/config.ts'
export type { ResponsesConfig, RouteCacheConfig } from './http/config.ts'
