import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { BUILTINS } from '../builtins/index.ts'
import type { BuiltinContext } from '../builtins/index.ts'
import { PlainNetworks } from './cidr.ts'

const context: BuiltinContext = {
  nowNs: () => 0n,
  random: () => 0,
  randomBytes: (n) => new Uint8Array(n),
  memo: new Map(),
}

function slow(network: string, address: string): unknown {
  try {
    return BUILTINS.get('net.cidr_contains')!.call(context, [network, address])
  } catch {
    return 'error'
  }
}

test('the quick way through networks answers as the built-in does, or not at all', () => {
  const odd = fc.constantFrom('256', '01', '', '999', 'a')
  const octet = fc.oneof(
    { weight: 20, arbitrary: fc.nat(255).map(String) },
    { weight: 1, arbitrary: odd },
  )
  const length = fc.oneof(
    { weight: 9, arbitrary: fc.constant(4) },
    { weight: 1, arbitrary: fc.constantFrom(3, 5) },
  )
  const address = length.chain((count) =>
    fc.array(octet, { minLength: count, maxLength: count }).map((parts) => parts.join('.')),
  )
  const prefix = fc.oneof(fc.nat(32).map(String), fc.constantFrom('33', '', '08', 'x'))
  const networks = new PlainNetworks()
  let answered = 0
  fc.assert(
    fc.property(address, prefix, address, (base, length, inner) => {
      const network = `${base}/${length}`
      const quick = networks.contains(network, inner)
      if (quick === undefined) return
      answered++
      expect(quick).toBe(slow(network, inner) as boolean)
    }),
    { numRuns: 2000 },
  )
  expect(answered).toBeGreaterThan(50)
  expect(networks.contains('10.0.0.0/8', '10.200.3.4')).toBe(true)
  expect(networks.contains('0.0.0.0/0', '255.255.255.255')).toBe(true)
  expect(networks.contains('10.0.0.0/8', 'fe80::1')).toBeUndefined()
})
