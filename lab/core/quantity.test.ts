import { describe, expect, test } from 'bun:test'
import { formatInterval, formatNumber, formatQuantity, formatValue } from './quantity.ts'

describe('formatQuantity', () => {
  test.each([
    [1.2345, 'milliseconds', '1.23 ms'],
    [0.0004, 'milliseconds', '400 ns'],
    [1500, 'milliseconds', '1.5 s'],
    [7200, 'seconds', '2 h'],
    [0, 'microseconds', '0'],
    [2048, 'bytes', '2 KiB'],
    [12_345, 'per-second', '12,345/s'],
    [0.0512, 'share', '5.12 %'],
    [1, 'share', '100 %'],
    [0.9996, 'share', '99.96 %'],
    [0.999_978, 'share', '99.998 %'],
    [0.99, 'share', '99 %'],
    [1.25, 'ratio', '1.25'],
    [-0.02, 'share', '−2 %'],
    [null, 'ratio', '–'],
  ] as const)('%p %s is %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text)
  })

  test('small numbers keep three digits, never an exponent', () => {
    expect(formatNumber(0.000_012_345)).toBe('0.0000123')
    expect(formatNumber(123_456_789)).toBe('123,456,789')
    expect(formatNumber(Number.NaN)).toBe('–')
  })

  test('an interval carries its confidence, an absent value its reason', () => {
    expect(formatInterval({ low: 1, high: 2, confidence: 0.95 }, 'milliseconds')).toBe(
      '1 ms to 2 ms (95 %)',
    )
    const figure = { name: 'p99', label: 'p99', unit: 'milliseconds', value: null } as const
    expect(formatValue({ ...figure, insufficient: '412 of 1,000 samples' })).toBe(
      'insufficient: 412 of 1,000 samples',
    )
    expect(formatValue(figure)).toBe('not measured')
  })
})
