import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SlotIndex } from './slot-index.ts'

describe('the index of counters', () => {
  test('finds what a map would find, whatever is linked and unlinked', () => {
    const step = fc.record({
      limit: fc.nat(3),
      subject: fc.oneof(fc.constantFrom('', 'a', 'b', 'c'), fc.string({ maxLength: 3 })),
      link: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 300 }), (seed, steps) => {
        const index = new SlotIndex(seed)
        const model = new Map<string, number>()
        const free: number[] = []
        let next = 0
        for (const { limit, subject, link } of steps) {
          const key = `${limit} ${subject}`
          const known = model.get(key)
          expect(index.find(limit, subject)).toBe(known ?? -1)
          for (const near of [-1, 0, 1, next, known ?? 2]) {
            expect([-1, known]).toContain(index.findNear(limit, subject, near))
          }
          if (known !== undefined) expect(index.findNear(limit, subject, known)).toBe(known)
          if (link && known === undefined) {
            const slot = free.pop() ?? next++
            index.link(slot, limit, subject)
            model.set(key, slot)
            expect([index.limit(slot), index.subject(slot)]).toEqual([limit, subject])
          } else if (!link && known !== undefined) {
            index.unlink(known)
            model.delete(key)
            free.push(known)
          }
          expect(index.size).toBe(model.size)
        }
      }),
    )
  })

  test('keeps tens of thousands apart while it grows and shrinks', () => {
    const index = new SlotIndex(7)
    const subjects = Array.from({ length: 40_000 }, (_, at) => `key_${at.toString(36)}`)
    for (const [at, subject] of subjects.entries()) {
      index.link(2 * at, 0, subject)
      index.link(2 * at + 1, 1, subject)
    }
    for (const [at] of subjects.entries()) if (at % 3 === 0) index.unlink(2 * at)
    const wrong = subjects.filter(
      (subject, at) =>
        index.find(0, subject) !== (at % 3 === 0 ? -1 : 2 * at) ||
        index.find(1, subject) !== 2 * at + 1,
    )
    expect(wrong).toEqual([])
  })
})
