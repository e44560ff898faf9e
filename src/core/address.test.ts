import { describe, expect, test } from 'bun:test'
import { canonicalAddress, compileAddressMatcher, isCidr } from './address.ts'

describe('an address', () => {
  test.each([
    '1',
    '10.1',
    '203.0.113',
    '010.0.0.1',
    '0x7f.0.0.1',
    '4294967295',
    '10/8',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '',
  ])('that programs read differently, or that is none, is refused: %p', (text) => {
    expect(isCidr(text)).toBe(false)
    expect(canonicalAddress(text)).toBeUndefined()
    expect(() => compileAddressMatcher([text])).toThrow(RangeError)
  })

  test.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:DB8:0::1', '2001:db8::1'],
  ])('has one form: %p is %p', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })
})

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:10.1.2.3/128', '10.1.2.3', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['::/0', '10.1.2.3', false],
  ])('%s holds %s: %p', (network, address, holds) => {
    expect(compileAddressMatcher([network])(address)).toBe(holds)
  })
})
