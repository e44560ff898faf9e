/** Where the first workers wait until all of them are able to begin; later workers begin at once. */
export interface StartLine {
  /** Rejects if one of the first workers cannot begin, or if `claim` fails. */
  arrive(): Promise<void>
  /** One of the first workers cannot begin, so none of them does. */
  breakOff(reason: Error): void
}

/** Waits for `size` workers. `claim` is called once, when all have arrived; if it throws, none begins. */
export function createStartLine(size: number, claim: () => void): StartLine {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => undefined)
  let missing = size
  return {
    arrive() {
      missing -= 1
      if (missing === 0) {
        try {
          claim()
          resolve()
        } catch (error) {
          reject(error)
        }
      }
      return promise
    },
    breakOff: reject,
  }
}
