/** Thrown when a load is not begun, or not waited for, because too many are. */
export class CacheBusyError extends Error {
  override readonly name = 'CacheBusyError'
}

/** Thrown when something was invalidated during every one of several loads: nothing can be believed. */
export class CacheContendedError extends Error {
  override readonly name = 'CacheContendedError'
}
