/** A resource that serves a limited number of requests at a time. */
export interface Capacity {
  /** Resolves with whether there was room to be served, after being served. */
  serve(): Promise<boolean>
}

/** @param sleep - Waits for the service time. */
export function createCapacity(
  concurrent: number,
  queueMax: number,
  sleep: () => Promise<void>,
): Capacity {
  let busy = 0
  const queue: (() => void)[] = []
  return {
    async serve() {
      if (busy >= concurrent) {
        if (queue.length >= queueMax) return false
        await new Promise<void>((resolve) => {
          queue.push(resolve)
        })
      } else busy += 1
      await sleep()
      const next = queue.shift()
      // The slot is passed on, or released.
      if (next === undefined) busy -= 1
      else next()
      return true
    },
  }
}
