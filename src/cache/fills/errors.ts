/** Thrown when a load is not started, or not waited for, because there are too many already. */
export class CacheBusyError extends Error {
  override readonly name = 'CacheBusyError'
}

/** Thrown when every one of several loads was overtaken by an invalidation, so that no result can be trusted. */
export class CacheContendedError extends Error {
  override readonly name = 'CacheContendedError'
}
