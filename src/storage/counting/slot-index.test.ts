import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SlotIndex } from './slot-index.ts'
import { Slots } from './slots.ts'

describe('the index of counters', () => {
  test('finds what a map would find, whatever is linked and unlinked', () => {
    const step = fc.record({
      limit: fc.nat(3),
      subject: fc.oneof(fc.constantFrom('', 'a', 'b', 'c'), fc.string({ maxLength: 3 })),
      link: fc.boolean(),
    })
    const seed = fc.integer()
    const serialsMax = fc.integer({ min: 60, max: 200 })
    fc.assert(
      fc.property(
        seed,
        serialsMax,
        fc.array(step, { maxLength: 300, size: 'max' }),
        (seed, most, steps) => {
          const index = new SlotIndex(new Slots(2), seed, most)
          const model = new Map<string, number>()
          /** Subjects by their serials in this era. */
          const remembered = new Map<number, string>()
          let era = index.era
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
            if (era !== index.era) remembered.clear()
            era = index.era
            for (const [serial, subject] of remembered) {
              const own = model.get(`${limit} ${subject}`) ?? -1
              const found = [0, next, own].map((near) => index.findSerial(limit, serial, near))
              if (!found.every((slot) => slot === -1 || slot === own)) expect(found).toEqual([own])
            }
            if (known !== undefined) {
              expect(index.findSerial(limit, index.serial(known), known)).toBe(known)
              remembered.set(index.serial(known), subject)
            }
            if (link && known === undefined) {
              const slot = free.pop() ?? next++
              index.link(slot, limit, subject)
              model.set(key, slot)
              expect([index.limit(slot), index.subject(slot)]).toEqual([limit, subject])
            } else if (!link && known !== undefined) {
              index.unlink(known)
              expect(index.serial(known)).toBe(0)
              model.delete(key)
              free.push(known)
            }
            expect(index.size).toBe(model.size)
          }
        },
      ),
    )
  })

  test('gives neighbors of one subject one serial, and no two subjects the same', () => {
    const index = new SlotIndex(new Slots(8), 7)
    for (const [slot, subject] of ['a', 'a', 'b', 'a', 'b', 'b'].entries()) {
      index.link(slot, slot, subject)
    }
    expect([0, 1, 2, 3, 4, 5].map((slot) => index.serial(slot))).toEqual([1, 1, 2, 3, 4, 4])
    index.unlink(2)
    index.link(2, 2, 'a')
    expect(index.serial(2)).toBe(1)
    expect([index.findSerial(1, 1, 2), index.findSerial(4, 4, 2)]).toEqual([1, -1])
  })

  test('begins an era when serials run out: what is linked is found by new ones', () => {
    const index = new SlotIndex(new Slots(8), 7, 4)
    index.link(0, 0, 'old')
    const era = index.era
    for (let at = 0; at < 3; at++) {
      index.link(1, 0, `passing ${at}`)
      index.unlink(1)
    }
    expect(index.era).toBe(era)
    index.link(1, 0, 'next')
    expect(index.era).not.toBe(era)
    expect([index.serial(0), index.serial(1)]).toEqual([1, 2])
    expect([index.find(0, 'old'), index.find(0, 'next')]).toEqual([0, 1])
  })

  test('keeps tens of thousands apart while it grows and shrinks', () => {
    const index = new SlotIndex(new Slots(2), 7)
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
