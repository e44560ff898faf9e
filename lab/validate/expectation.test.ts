import { describe, expect, test } from 'bun:test'
import type { Figure } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import { judge, readExpectation } from './expectation.ts'

const p99: Figure = { name: 'p99', label: 'p99', unit: 'milliseconds', value: 42 }

describe('an expectation', () => {
  test.each([
    ['p99 < 50ms', 'pass'],
    ['p99 < 0.05 s', 'pass'],
    ['p99<=42', 'pass'],
    ['p99 < 42', 'fail'],
    ['p99 > 41999us', 'pass'],
    ['p99 < 40ms', 'fail'],
  ] as const)('%p of 42 ms: %p', (text, status) => {
    expect(judge(readExpectation(text), p99).status).toBe(status)
  })

  test('units become those of the figure', () => {
    const share: Figure = { name: 'hit', label: 'hit', unit: 'share', value: 0.96 }
    const rate: Figure = { name: 'rate', label: 'rate', unit: 'per-second', value: 10_050 }
    const heap: Figure = { name: 'heap', label: 'heap', unit: 'bytes', value: 3_000_000 }
    expect(judge(readExpectation('hit > 95%'), share).status).toBe('pass')
    expect(judge(readExpectation('rate >= 10,000/s'), rate).status).toBe('pass')
    expect(judge(readExpectation('heap < 2 MiB'), heap).status).toBe('fail')
  })

  test('an interval on both sides of the bound decides nothing', () => {
    const wide = { ...p99, interval: { low: 35, high: 55, confidence: 0.95 } }
    expect(judge(readExpectation('p99 < 50ms'), wide).status).toBe('inconclusive')
    expect(judge(readExpectation('p99 < 60ms'), wide).status).toBe('pass')
    expect(judge(readExpectation('p99 < 30ms'), wide).status).toBe('fail')
  })

  test('a figure without a value, or in another unit, never passes', () => {
    const none = { ...p99, value: null, insufficient: '12 of 1,000 samples' }
    expect(judge(readExpectation('p99 < 50ms'), none)).toEqual({
      status: 'inconclusive',
      reason: '12 of 1,000 samples',
    })
    expect(judge(readExpectation('p99 < 5 MiB'), p99).status).toBe('unknown')
  })

  test.each(['p99', 'p99 == 3', '< 3ms', 'p99 < fast', 'p99 < 3 parsecs'])(
    '%p is refused',
    (text) => {
      expect(() => readExpectation(text)).toThrow(LabError)
    },
  )
})
