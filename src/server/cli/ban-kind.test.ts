import { expect, test } from 'bun:test'
import { banKindOf } from './ban-kind.ts'

test.each([
  ['key_2F0L4PbsKtI', 'key'],
  ['user_0VbdifMt24TmgHDW1fVgX8', 'key'],
  ['203.0.113.7', 'address'],
  ['2001:db8::/48', 'address'],
  // Slips of the pen: the gate says that these are no addresses.
  ['300.1.1.1', 'address'],
  ['203.0.113.7/33', 'address'],
  ['example.org', 'address'],
  ['key_', 'address'],
] as const)('%s is taken for a ban of kind %s', (subject, kind) => {
  expect(banKindOf(subject)).toBe(kind)
})
