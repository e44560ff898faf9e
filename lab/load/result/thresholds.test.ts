import { describe, expect, test } from 'bun:test'
import { LabError } from '../../core/index.ts'
import { madeResult } from '../result.fixture.ts'
import { mergeResults } from './merge.ts'
import { summarizeLoad } from './summary.ts'
import { judgeThreshold, parseThreshold } from './thresholds.ts'

const result = madeResult({
  responseMs: Array.from({ length: 2000 }, (_, at) => (at % 100) + 1),
  failed: 20,
})
const judged = (text: string) =>
  judgeThreshold(parseThreshold(text), result, summarizeLoad(result), 1).status

describe('thresholds', () => {
  test('hold or fail by the figure they name, in the unit they are given in', () => {
    expect(judged('p99<100ms')).toBe('held')
    expect(judged('p99<0.05s')).toBe('failed')
    expect(judged('p50 <= 51ms')).toBe('held')
    expect(judged('service.p90<80ms')).toBe('failed')
    expect(judged('lag.p99<200us')).toBe('held')
    expect(judged('max<101ms')).toBe('held')
    expect(judged('mean<50ms')).toBe('failed')
    expect(judged('error_rate<2%')).toBe('held')
    expect(judged('error_rate<0.005')).toBe('failed')
    expect(judged('rps>=200')).toBe('held')
    expect(judged('p99{request}<100ms')).toBe('held')
  })

  test('are open where the interval of the figure lies on both sides', () => {
    // 20 of 2,020 are 0.99 %: from 0.64 to 1.52 %.
    expect(judged('error_rate<1%')).toBe('unknown')
    expect(judged('error_rate<0.9%')).toBe('unknown')
    // 20 ms in the first half of the run and 30 ms in the second: the median is either.
    const drifting = madeResult({
      responseMs: Array.from({ length: 2000 }, (_, at) => (at < 1001 ? 20 : 30)),
    })
    const finding = judgeThreshold(parseThreshold('p50<25ms'), drifting, summarizeLoad(drifting), 1)
    expect(finding.status).toBe('unknown')
    expect(finding.reason).toMatch(
      /^p50<25ms: 20\.\d+ ms, but its interval \(.+, 95 %\) lies on both sides$/,
    )
  })

  test('that allow no failure hold when there was none', () => {
    const good = madeResult({ responseMs: Array.from({ length: 50 }, () => 1) })
    const status = (text: string) =>
      judgeThreshold(parseThreshold(text), good, summarizeLoad(good), 1).status
    expect([status('error_rate<=0%'), status('error_rate<0.1%')]).toEqual(['held', 'held'])
  })

  test('what the sample does not support is unknown, never held', () => {
    expect(judged('p99.9<1s')).toBe('unknown')
    expect(judged('p50{nobody}<1s')).toBe('unknown')
  })

  test('what is no threshold is refused with what would be one', () => {
    for (const text of [
      'p99',
      'p99<50',
      'rps>10ms',
      'error_rate<1ms',
      'p999<1ms',
      'x<1',
      'p99=5ms',
    ]) {
      expect(() => parseThreshold(text)).toThrow(LabError)
    }
  })
})

describe('adding up', () => {
  test('counts are added; a percentile of two workers is that of all their requests', () => {
    const fast = madeResult({ responseMs: Array.from({ length: 900 }, () => 1) })
    const slow = madeResult({ responseMs: Array.from({ length: 100 }, () => 100), failed: 5 })
    const both = summarizeLoad({ ...fast, ...mergeResults([fast, slow]) })
    expect(both.planned).toBe(1005)
    expect(both.failed).toBe(5)
    expect(both.response.quantile(0.9) / 1000).toBeCloseTo(1, 2)
    expect(both.response.quantile(0.91) / 1000).toBeCloseTo(100, 0)
  })
})
