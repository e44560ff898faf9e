import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  abs,
  add,
  ceil,
  compareNumbers,
  divide,
  floor,
  multiply,
  numberText,
  parseNumber,
  remainder,
  round,
  subtract,
} from './index.ts'
import type { RNumber } from './index.ts'

const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n })
const number = (value: bigint | string): RNumber => parseNumber(String(value))

describe('arithmetic', () => {
  test('sums and differences of integers are exact', () => {
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        expect(numberText(add(number(a), number(b)))).toBe(String(a + b))
        expect(numberText(subtract(number(a), number(b)))).toBe(String(a - b))
      }),
    )
  })

  test('the remainder has the sign of the dividend', () => {
    fc.assert(
      fc.property(
        integers,
        integers.filter((b) => b !== 0n),
        (a, b) => {
          expect(numberText(remainder(number(a), number(b)))).toBe(String(a % b))
        },
      ),
    )
  })

  test('quotients have the digits OPA gives', () => {
    expect(numberText(divide(1, 3))).toBe('0.33333333333333333334')
    expect(numberText(divide(10, 2))).toBe('5')
    expect(numberText(divide(1, 8))).toBe('0.125')
  })

  test('dividing by zero and remainders of fractions are refused', () => {
    expect(() => divide(1, 0)).toThrow('divide by zero')
    expect(() => remainder(1, 0)).toThrow('modulo by zero')
    expect(() => remainder(1.5, 1)).toThrow('modulo on floating-point number')
  })

  test('decimals add up as decimals', () => {
    expect(numberText(add(0.5, 0.25))).toBe('0.75')
    expect(numberText(multiply(1.5, 2))).toBe('3')
  })

  test('rounding goes away from zero at halves', () => {
    expect([
      round(2.5),
      round(-2.5),
      ceil(1.1),
      ceil(-1.1),
      floor(1.9),
      floor(-1.1),
      abs(-3),
    ]).toEqual([3, -3, 2, -1, 1, -2, 3])
  })

  test('a number with an exponent without end can be kept but not computed with', () => {
    const endless = parseNumber('1e1000000000')
    expect(numberText(endless)).toBe('1e1000000000')
    expect(() => add(endless, 1)).toThrow('number out of range')
    expect(() => floor(endless)).toThrow('number out of range')
    expect(compareNumbers(endless, 1)).toBe(1)
    expect(compareNumbers(parseNumber('1e400'), parseNumber('1e399'))).toBeGreaterThan(0)
  })

  test('equal numbers compare as equal however they are written', () => {
    expect(compareNumbers(parseNumber('1.0'), 1)).toBe(0)
    expect(compareNumbers(parseNumber('1e2'), 100)).toBe(0)
    expect(compareNumbers(parseNumber('9007199254740993'), 9007199254740992)).toBeGreaterThan(0)
  })
})
