import { describe, expect, test } from 'bun:test'
import type { World } from '../../core/index.ts'
import { createRandom } from '../../core/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { plainAim } from '../../load/index.ts'
import { watchTurns } from '../../load/load.fixture.ts'
import { growthOf } from './growth.ts'
import { leakExperiment } from './index.ts'
import type { LeakOptions, LeakPhase, LeakRaw } from './raw.ts'
import { valueAt } from './read-memory.ts'

const MEGABYTE = 1e6

const OPTIONS: LeakOptions = {
  subject: { kind: 'synthetic', leakBytes: 0 },
  rate: 100,
  durationMs: 600_000,
  warmUpMs: 0,
  windows: 24,
  controlMs: 600_000,
}

interface Made {
  readonly seed: number
  /** Growth over the phase as a share of the level. */
  readonly growth?: number
  readonly noise?: number
  readonly correlation?: number
  readonly windows?: number
}

/** Window minima around 50 MB, neighbors correlated as said. */
function phase({ seed, growth = 0, noise = 0.01, correlation = 0, windows = 24 }: Made): LeakPhase {
  const random = createRandom(seed)
  let level = 0
  return {
    durationMs: 600_000,
    requests: 60_000,
    failed: 0,
    windows: Array.from({ length: windows }, (_, at) => {
      level = correlation * level + Math.sqrt(1 - correlation ** 2) * random.normal()
      const share = (at + 0.5) / windows
      return {
        atMs: 600_000 * share,
        heapBytes: 50 * MEGABYTE * (1 + growth * share + noise * level),
        residentBytes: null,
        handles: 20,
      }
    }),
  }
}

const rawWith = (load: LeakPhase, change: Partial<LeakRaw> = {}): LeakRaw => ({
  load,
  idle: phase({ seed: 1 }),
  control: phase({ seed: 2, growth: 0.2 }),
  controlLeakBytes: 100,
  collected: true,
  ...change,
})

const judge = (raw: LeakRaw) => leakExperiment.analyze(OPTIONS, raw, 1).judgement

describe('the rule', () => {
  test.each([
    [0, 0.01],
    [0.5, 0.02],
    [0.9, 0.05],
  ])(
    'without a leak, at correlation %p, at most %p of runs are called leaking',
    (correlation, most) => {
      let alarms = 0
      for (let seed = 0; seed < 300; seed += 1) {
        if (growthOf(phase({ seed, correlation }), 'heap')?.leaks === true) alarms += 1
      }
      expect(alarms / 300).toBeLessThanOrEqual(most)
    },
  )

  test('a leak of 10 % over the run is found in nearly every one', () => {
    let found = 0
    for (let seed = 0; seed < 100; seed += 1) {
      if (growthOf(phase({ seed, growth: 0.1 }), 'heap')?.leaks === true) found += 1
    }
    expect(found).toBeGreaterThanOrEqual(95)
  })

  test('a certain growth of less than 2 % is none', () => {
    const { leaks, pRising } = growthOf(phase({ seed: 1, growth: 0.015, noise: 0.0001 }), 'heap')!
    expect([leaks, pRising < 0.01]).toEqual([false, true])
  })
})

test('intervals of growth hold the truth in 9 of 10 runs, also where neighboring windows are alike', () => {
  for (const correlation of [0, 0.5]) {
    const held = Array.from({ length: 200 }, (_, seed) => {
      const growth = growthOf(phase({ seed, growth: 0.1, correlation }), 'heap')!
      const { low, high } = growth.grownInterval
      return low <= 0.1 * 50e6 && 0.1 * 50e6 <= high
    })
    expect([correlation, held.filter(Boolean).length >= 180]).toEqual([correlation, true])
  }
})

describe('the verdict', () => {
  test('a leak fails, with its size', () => {
    const { verdict, reason } = judge(rawWith(phase({ seed: 4, growth: 0.3 })))
    expect(verdict).toBe('fail')
    expect(reason).toMatch(/MB an hour/)
    const outcome = leakExperiment.analyze(OPTIONS, rawWith(phase({ seed: 4, growth: 0.3 })), 1)
    const perRequest = outcome.figures.find(({ name }) => name === 'heap.perRequest')
    expect(perRequest?.value).toBeCloseTo((0.3 * 50 * MEGABYTE) / 60_000, -2)
  })

  test('what is filled once is told from what grows', () => {
    const flat = phase({ seed: 9 })
    const windows = flat.windows.map((window, at) =>
      Object.assign({}, window, { heapBytes: window.heapBytes! * (at < 12 ? 1 : 1.3) }),
    )
    const { verdict, reason } = judge(rawWith({ ...flat, windows }))
    expect(verdict).toBe('inconclusive')
    expect(reason).toContain('rose once')
    for (let seed = 0; seed < 40; seed += 1) {
      expect(growthOf(phase({ seed, growth: 0.3 }), 'heap')!.step).toBeNull()
    }
  })

  test('no leak passes, with a bound', () => {
    const { verdict, reason } = judge(rawWith(phase({ seed: 5 })))
    expect(verdict).toBe('pass')
    expect(reason).toContain('at most')
  })

  test.each<readonly [string, LeakRaw]>([
    ['not found', rawWith(phase({ seed: 5 }), { control: phase({ seed: 3 }) })],
    [
      'without load as well',
      rawWith(phase({ seed: 4, growth: 0.3 }), { idle: phase({ seed: 6, growth: 0.3 }) }),
    ],
    ['fewer than 12 windows', rawWith(phase({ seed: 5, windows: 8 }))],
    ['cannot be excluded', rawWith(phase({ seed: 7, noise: 0.3 }))],
    ['requests failed', rawWith({ ...phase({ seed: 5 }), failed: 5000 })],
  ])('%s: there is no verdict', (said, raw) => {
    const { verdict, reason } = judge(raw)
    expect(verdict).toBe('inconclusive')
    expect(reason).toContain(said)
  })

  test('files that stay open fail as well', () => {
    const load = phase({ seed: 5 })
    const leaking = load.windows.map((window, at) =>
      Object.assign({}, window, { handles: 20 + at }),
    )
    expect(judge(rawWith({ ...load, windows: leaking }))).toMatchObject({ verdict: 'fail' })
  })

  test('windows that hang together are pointed out', () => {
    const outcome = leakExperiment.analyze(
      OPTIONS,
      rawWith(phase({ seed: 8, correlation: 0.95 })),
      1,
    )
    expect(outcome.trust.warnings?.[0]).toContain('hang together')
  })
})

describe('reading memory', () => {
  test('by JSON Pointer, or as the sum of a metric', () => {
    expect(valueAt('{"memory":{"a/b":[0,42]}}', '/memory/a~1b/1')).toBe(42)
    expect(valueAt('{"memory":"much"}', '/memory')).toBeUndefined()
    expect(valueAt('not json', '/memory')).toBeUndefined()
    const text = '# TYPE heap gauge\nheap{worker="0"} 1.5e6\nheap{worker="1"} 5e5\nheap_total 9\n'
    expect(valueAt(text, 'heap')).toBe(2e6)
    expect(valueAt(text, 'missing')).toBeUndefined()
  })
})

describe('measuring', () => {
  test('a server that leaves 20 kB behind with each request is caught by the size of it', async () => {
    const options: LeakOptions = {
      subject: { kind: 'synthetic', leakBytes: 20_000 },
      rate: 300,
      durationMs: 2400,
      warmUpMs: 400,
      windows: 12,
      controlMs: 1800,
    }
    const turns = watchTurns()
    const raw = await leakExperiment.measure(options, quietWorld())
    const gapMs = turns.stop()
    expect(raw.load.windows).toHaveLength(12)
    expect(raw.load.requests).toBeGreaterThan(350)
    const outcome = leakExperiment.analyze(options, raw, 1)
    // Who has no turn for longer than a window reads memory at other moments than it is said to have.
    if (gapMs > options.durationMs / options.windows) {
      expect(outcome.judgement.verdict).not.toBe('pass')
      return
    }
    expect(outcome.judgement).toMatchObject({ verdict: 'fail' })
    const perRequest = outcome.figures.find(({ name }) => name === 'heap.perRequest')!
    expect(perRequest.value!).toBeGreaterThan(10_000)
    expect(perRequest.value!).toBeLessThan(30_000)
    // The load itself opens nothing while it is watched.
    const handles = raw.load.windows.map((window) => window.handles ?? 0)
    expect(Math.max(...handles) - Math.min(...handles)).toBeLessThanOrEqual(5)
  }, 60_000)

  /** A world that is told to end once a window is over. */
  function endingAfter(window: string): World {
    const controller = new AbortController()
    const live = (figures: Readonly<Record<string, string>>): void => {
      if (figures['window'] === window) controller.abort(new DOMException('stopped', 'AbortError'))
    }
    const world = quietWorld(controller.signal)
    return { ...world, progress: { ...world.progress, live } }
  }

  test('who ends it early keeps the windows that were over, and no verdict', async () => {
    const options: LeakOptions = {
      subject: { kind: 'synthetic', leakBytes: 20_000 },
      rate: 100,
      durationMs: 3600,
      warmUpMs: 0,
      windows: 12,
      controlMs: 1800,
    }
    const raw = await leakExperiment.measure(options, endingAfter('3 of 12'))
    expect(raw.load.windows).toHaveLength(3)
    expect(raw.load.durationMs).toBe(900)
    expect(raw.load.requests).toBeGreaterThan(0)
    expect([raw.idle.windows, raw.control.windows]).toEqual([[], []])
    const { judgement } = leakExperiment.analyze(options, raw, 1)
    expect(judgement.verdict).toBe('inconclusive')
    expect(judgement.reason).toContain('interrupted after 3 windows')
    const gone = leakExperiment.measure(options, quietWorld(AbortSignal.abort()))
    expect(gone).rejects.toThrow('abort')
  }, 60_000)

  test('a reading that fails once does not cost the run; one that always does, or the first, ends it', async () => {
    let readings = 0
    let failing = (_reading: number): boolean => false
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url }) => {
        if (!url.endsWith('/memory')) return new Response(null, { status: 204 })
        readings += 1
        const isFailing = failing(readings)
        return isFailing ? new Response(null, { status: 503 }) : Response.json({ heap: 1e7 })
      },
    })
    const memory = {
      url: `${server.url.href}memory`,
      path: '/heap',
      collectUrl: null,
      collectMethod: 'POST',
      headers: {},
      pid: null,
    }
    const measure = async (fails: typeof failing) => {
      readings = 0
      failing = fails
      const subject = { kind: 'target', aim: plainAim(server.url.href), memory } as const
      const times = { durationMs: 1200, warmUpMs: 0, windows: 12, controlMs: 600 }
      return leakExperiment.measure({ subject, rate: 50, ...times }, endingAfter('12 of 12'))
    }
    try {
      const { load } = await measure((reading) => reading % 4 === 2)
      expect(load.windows.map(({ heapBytes }) => heapBytes)).toEqual(Array(12).fill(1e7))
      expect(measure((reading) => reading === 1)).rejects.toThrow('503')
      expect(measure((reading) => reading > 12)).rejects.toThrow('503')
    } finally {
      await server.stop(true)
    }
  }, 60_000)
})
