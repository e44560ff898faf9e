import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSeededRandom } from '../../core/random.ts'
import type { Name } from '../contract.ts'
import { createEpochTable } from './epoch-table.ts'

const names: readonly Name[] = [
  { kind: 'key', name: 'a' },
  { kind: 'tag', name: 'a' },
  { kind: 'tenant', name: 'a' },
  { kind: 'prefix', name: 'a' },
  { kind: 'policy', name: 'a' },
  { kind: 'tag', name: 'b' },
]

describe('epochs', () => {
  test('a stamp is current until one of its names is invalidated', () => {
    const table = createEpochTable(createSeededRandom(1))
    for (const name of names) {
      const stamp = table.capture([name])
      for (const other of names) if (other !== name) table.bump(other.kind, other.name)
      expect(table.isCurrent(stamp)).toBe(true)
      table.bump(name.kind, name.name)
      expect(table.isCurrent(stamp)).toBe(false)
      expect(table.isCurrent(table.capture([name]))).toBe(true)
    }
  })

  test('invalidating everything voids stamps of every name, and of none', () => {
    const table = createEpochTable(createSeededRandom(1))
    const stamps = [table.capture([]), ...names.map((name) => table.capture([name]))]
    table.bump('all', '')
    expect(stamps.some((stamp) => table.isCurrent(stamp))).toBe(false)
    expect(table.isCurrent(table.capture(names))).toBe(true)
  })

  test('an invalidation is never missed, however few places names share', () => {
    const name = fc.constantFrom(...names)
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(name, { maxLength: 3 }),
        fc.array(name, { maxLength: 9 }),
        (seed, held, bumped) => {
          const table = createEpochTable(createSeededRandom(seed), 4)
          const stamp = table.capture(held)
          for (const { kind, name } of bumped) table.bump(kind, name)
          if (bumped.some((one) => held.includes(one))) expect(table.isCurrent(stamp)).toBe(false)
          if (bumped.length === 0) expect(table.isCurrent(stamp)).toBe(true)
        },
      ),
    )
  })

  test('few stamps are voided in vain', () => {
    const table = createEpochTable(createSeededRandom(7))
    const stamps = Array.from({ length: 5000 }, (_, at) =>
      table.capture([{ kind: 'tag', name: `tag ${at}` }]),
    )
    for (let at = 0; at < 1000; at++) table.bump('tag', `other ${at}`)
    expect(stamps.filter((stamp) => !table.isCurrent(stamp)).length).toBeLessThan(10)
  })

  test('a table of an absurd size is refused', () => {
    for (const bits of [0, 3, 25, 4.5, Number.NaN]) {
      expect(() => createEpochTable(createSeededRandom(1), bits)).toThrow(RangeError)
    }
  })
})
