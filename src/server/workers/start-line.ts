/** Where workers wait until all of them could begin, the first time; who comes later goes on at once. */
export interface StartLine {
  /** Rejects when one of the first cannot begin, or when they may not. */
  arrive(): Promise<void>
  /** One of the first cannot begin: none of them does. */
  breakOff(reason: Error): void
}

/** Waits for `size` workers. `claim` is called once, when all have come; where it throws, none begins. */
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
