import { describe, expect, test } from 'bun:test'
import type { LoadResult } from '../../load/index.ts'
import type { MadeRun } from '../../load/result.fixture.ts'
import { madeResult } from '../../load/result.fixture.ts'
import { analyzeLoad } from './analyze.ts'
import { LOAD_OPTIONS } from './load-options.fixture.ts'

const TENS = Array.from({ length: 2000 }, (_, at) => 10 + (at % 10))

function outcome(
  run: Partial<MadeRun>,
  thresholds: string[] = [],
  changes: Partial<LoadResult> = {},
) {
  const result = madeResult({ responseMs: TENS, ...run, changes })
  return analyzeLoad(LOAD_OPTIONS, { scenario: 's', thresholds, skipped: [], result }, 7)
}
const verdict = (...given: Parameters<typeof outcome>) => outcome(...given).judgement.verdict

describe('the verdict of a load', () => {
  test('follows the thresholds', () => {
    expect(verdict({}, ['p99<50ms', 'error_rate<1%'])).toBe('pass')
    expect(verdict({}, ['p99<50ms', 'p50<5ms'])).toBe('fail')
    expect(verdict({ failed: 100 }, ['error_rate<1%'])).toBe('fail')
  })

  test('without thresholds, any failure fails', () => {
    expect(verdict({})).toBe('pass')
    expect(verdict({ failed: 1 })).toBe('fail')
  })

  test('a percentile that the sample does not support is open', () => {
    expect(verdict({}, ['p99.9<1s'])).toBe('inconclusive')
  })

  test('a generator that was late neither passes nor fails anything', () => {
    expect(verdict({ lagMs: 6 }, ['p99<50ms'])).toBe('inconclusive')
    expect(verdict({ lagMs: 6 }, ['p99<5ms'])).toBe('inconclusive')
    // A tenth of the response time is allowed.
    expect(verdict({ lagMs: 6, responseMs: TENS.map((ms) => ms * 10) })).toBe('pass')
  })

  test('at 10,000 a second, a lag above 2 ms is said and does not pass', () => {
    expect(verdict({ lagMs: 3, rate: 9000 })).toBe('pass')
    const fast = outcome({ lagMs: 3, rate: 10_000 })
    expect(fast.judgement.verdict).toBe('inconclusive')
    expect(fast.judgement.reason).toContain('2 ms')
    expect(fast.trust.lagP99Ms).toBeCloseTo(3, 1)
  })

  test('an interrupted run is open, one that a threshold ended has failed', () => {
    expect(verdict({}, [], { aborted: 'interrupted' })).toBe('inconclusive')
    expect(verdict({}, ['p99<50ms'], { aborted: 'p99<1ms failed for 5 s' })).toBe('fail')
  })

  test('a rate that a busy generator missed says nothing against the server', () => {
    const busy = { cpuMs: 9900, thinkMs: 0 }
    expect(verdict({ model: 'closed' }, ['rps>1000'], busy)).toBe('inconclusive')
    expect(verdict({ model: 'closed' }, ['rps>1000'])).toBe('fail')
  })

  test('nothing planned is never a pass', () => {
    expect(verdict({ responseMs: [] })).toBe('inconclusive')
  })
})

describe('the figures of a load', () => {
  test('hold their interval, and say what the sample does not support', () => {
    const { figures } = outcome({})
    const p50 = figures.find(({ name }) => name === 'response.p50')!
    expect(p50.value).toBeCloseTo(14, 0)
    expect(p50.interval!.low).toBeLessThanOrEqual(p50.value!)
    expect(p50.interval!.high).toBeGreaterThanOrEqual(p50.value!)
    const p999 = figures.find(({ name }) => name === 'response.p999')!
    expect([p999.value, p999.insufficient]).toEqual([
      null,
      'p99.9 needs 10000 values, there are 2000',
    ])
  })

  test('a rate and a share of failures have intervals that hold them', () => {
    const { figures } = outcome({ failed: 20 })
    const of = (name: string) => figures.find((figure) => figure.name === name)!
    const [rate, errors] = [of('rps'), of('error_rate')]
    expect(rate.interval!.low).toBeLessThanOrEqual(rate.value!)
    expect(rate.interval!.high).toBeGreaterThanOrEqual(rate.value!)
    expect(errors.value).toBeCloseTo(20 / 2020, 9)
    // Wilson: a little below 1.5 % for 20 of 2,020.
    expect(errors.interval!.high).toBeCloseTo(0.0152, 3)
    expect(of('error_rate').interval!.low).toBeGreaterThan(0.005)
    const none = outcome({}).figures.find(({ name }) => name === 'error_rate')!
    expect([none.value, none.interval!.low]).toEqual([0, 0])
    expect(none.interval!.high).toBeGreaterThan(0.001)
  })

  test('a start that is unlike the rest is said, and nothing is left out in silence', () => {
    const { windows } = madeResult({ responseMs: TENS })
    const many = Array.from({ length: 60 }, (_, at) => ({
      ...windows[0]!,
      completed: at < 10 ? 100 : 200 + (at % 3),
    }))
    const long = { windows: many, durationMs: 15_000, elapsedMs: 15_000 }
    const said = outcome({}, [], long).notes.join('\n')
    expect(said).toContain('The first 2.5 s still look like warm-up')
    const even = many.map((window, at) => Object.assign({}, window, { completed: 200 + (at % 3) }))
    expect(outcome({}, [], { ...long, windows: even }).notes.join('\n')).not.toContain(
      'warm-up and',
    )
  })

  test('of a rate that rises it is said up to where answers kept up', () => {
    const { windows } = madeResult({ responseMs: TENS })
    const rising = (most: number) =>
      Array.from({ length: 40 }, (_, at) => ({
        ...windows[0]!,
        planned: 100 * at,
        completed: Math.min(100 * at, most),
      }))
    const seen = (most: number) =>
      outcome({}, [], { windows: rising(most), durationMs: 10_000, elapsedMs: 10_000 })
    const kept = (most: number) => seen(most).figures.find(({ name }) => name === 'kept-up')?.value
    // Windows of a quarter of a second: the last second has 3,600 to 3,900 requests a window.
    expect(kept(Infinity)).toBe(4 * 3750)
    expect(seen(Infinity).notes.join()).toContain('kept up to the end')
    expect(kept(2000)).toBeGreaterThan(4 * 1800)
    expect(kept(2000)).toBeLessThan(4 * 2300)
    expect(seen(2000).notes.join()).toMatch(/fell behind from [56] s on/)
    expect(outcome({}).figures.some(({ name }) => name === 'kept-up')).toBe(false)
  })

  test('the same raw data and seed give the same outcome', () => {
    expect(outcome({}, ['p99<50ms'])).toEqual(outcome({}, ['p99<50ms']))
  })

  test('names of figures and exhibits are unique', () => {
    const { figures, exhibits } = outcome({ failed: 3 }, ['p99<50ms'])
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length)
    expect(new Set(exhibits.map(({ id }) => id)).size).toBe(exhibits.length)
    expect(exhibits.map(({ id }) => id)).toEqual([
      'thresholds',
      'percentiles',
      'rate-over-time',
      'latency-over-time',
      'latency-heat',
      'requests',
      'failures',
    ])
  })
})
