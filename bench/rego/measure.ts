/** Nanoseconds a decision takes, as quantiles over batches. */
export interface Quantiles {
  readonly p50Ns: number
  readonly p95Ns: number
  readonly perSecond: number
}

const BATCHES = 200

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/**
 * Measures a function that is shorter than the timer's resolution, in batches of about 50 µs each; quantiles are
 * those of the means of batches.
 */
export function measure(run: () => unknown, budgetMs: number): Quantiles {
  const until = performance.now() + budgetMs / 3
  let warm = 0
  while (performance.now() < until || warm < 3) {
    run()
    warm++
  }
  const perRunMs = timeBatch(run, Math.max(1, Math.floor(warm / 10)))
  const size = Math.max(1, Math.min(10_000, Math.round(0.05 / Math.max(perRunMs, 1e-6))))
  const samples: number[] = []
  const stop = performance.now() + budgetMs
  for (let i = 0; i < BATCHES && performance.now() < stop; i++)
    samples.push(timeBatch(run, size) * 1e6)
  samples.sort((a, b) => a - b)
  const p50Ns = quantile(samples, 0.5)
  return { p50Ns, p95Ns: quantile(samples, 0.95), perSecond: 1e9 / p50Ns }
}

function timeBatch(run: () => unknown, size: number): number {
  const start = performance.now()
  for (let i = 0; i < size; i++) run()
  return (performance.now() - start) / size
}

/** Measures an asynchronous function with some calls in flight at once. */
export async function measureAsync(
  run: () => Promise<unknown>,
  inFlight: number,
  budgetMs: number,
): Promise<Quantiles> {
  const samples: number[] = []
  const stop = performance.now() + budgetMs
  const begin = performance.now()
  const worker = async (): Promise<void> => {
    do {
      const start = performance.now()
      await run()
      samples.push((performance.now() - start) * 1e6)
    } while (performance.now() < stop)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - begin) / 1000
  samples.sort((a, b) => a - b)
  return {
    p50Ns: quantile(samples, 0.5),
    p95Ns: quantile(samples, 0.95),
    perSecond: samples.length / seconds,
  }
}
