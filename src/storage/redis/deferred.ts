/** A promise and the functions that settle it. Node 20 has no `Promise.withResolvers`. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

/** Creates a {@link Deferred}. */
export function createDeferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

/** Settles like `promise`, or rejects if that takes longer than `timeoutMs`. */
export async function within<T>(
  promise: Promise<T>,
  timeoutMs: number,
  tooLate: () => Error,
): Promise<T> {
  const late = createDeferred<never>()
  const timer = setTimeout(() => late.reject(tooLate()), timeoutMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
