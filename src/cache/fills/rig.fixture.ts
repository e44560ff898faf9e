import { createManualClock } from '../../core/clock.ts'
import { createSeededRandom } from '../../core/random.ts'
import type { CacheOptions } from '../cache.ts'
import { createCache } from '../cache.ts'
import { contentKind, decisionKind } from '../kinds/kind.ts'

/** Timers that run when told to. */
function createManualSchedule() {
  const due: { run: () => void; delayMs: number }[] = []
  return {
    schedule(run: () => void, delayMs: number) {
      const timer = { run, delayMs }
      due.push(timer)
      return () => {
        const at = due.indexOf(timer)
        if (at >= 0) due.splice(at, 1)
      }
    },
    /** Runs the timers that were set for at most so long. */
    fire(delayMs = Infinity) {
      for (const timer of due.splice(0)) {
        if (timer.delayMs <= delayMs) timer.run()
        else due.push(timer)
      }
    },
    get pending() {
      return due.length
    },
  }
}

/** A promise and what settles it. */
export function createGate() {
  let open!: () => void
  let fail!: (error: unknown) => void
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { opened, open, fail }
}

/** Lets everything run that waits for nothing but its turn. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** What those who asked were given. */
export const answers = <V>(asked: readonly (V | Promise<V>)[]): Promise<V[]> =>
  Promise.all(asked.map(async (one) => one))

/** The error of what must fail. */
export async function failureOf(asked: unknown): Promise<unknown> {
  try {
    await asked
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const text = {
  encode: (value: string) => new TextEncoder().encode(value),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
}

/** A cache with a kind of decision and one of content, on a clock and timers of its own. */
export function createRig(options: Partial<CacheOptions<unknown>> = {}) {
  const clock = createManualClock()
  const timers = createManualSchedule()
  const errors: unknown[] = []
  const sizeOf = (value: string): number => value.length
  const { kinds: _, ...rest } = options
  const cache = createCache({
    clock,
    random: createSeededRandom(1),
    schedule: timers.schedule,
    sweepIntervalMs: 0,
    onError: (error) => errors.push(error),
    ...rest,
    kinds: {
      permission: decisionKind({
        name: 'permission',
        ttlMs: 60_000,
        isPolicyBound: true,
        patternDepth: 1,
        sizeOf,
        codec: text,
      }),
      strict: decisionKind({ name: 'strict', ttlMs: 1000, errorTtlMs: 500, sizeOf }),
      page: contentKind({
        name: 'page',
        ttlMs: 1000,
        staleWhileRevalidateMs: 500,
        staleIfErrorMs: 5000,
        sizeOf,
        codec: text,
      }),
      feed: contentKind({
        name: 'feed',
        ttlMs: 1000,
        staleIfErrorMs: 60_000,
        earlyRefreshBeta: 0,
        adaptive: {
          ttlMinMs: 100,
          ttlMaxMs: 60_000,
          staleShareMax: 0.05,
          isSame: (a: string, b: string) => a === b,
        },
        sizeOf,
      }),
    },
  })
  const caller = { kind: 'caller', id: 'key_1' } as const
  const { permission, strict, page, feed } = cache.kinds
  const key = permission.scope('acme', caller).key('order', 'read')
  return { cache, clock, timers, errors, caller, key, permission, strict, page, feed }
}
