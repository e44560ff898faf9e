import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { IndexedFields } from './encode.ts'
import { auditConfig } from './config.ts'
import { hashText } from './text.ts'
import { traffic } from './ledger.fixture.ts'
import { TrafficQueue } from './traffic-queue.ts'

const fields: IndexedFields = {
  kind: 1,
  timeMs: 0,
  tenant: 0,
  actor: 0,
  action: 0,
  outcome: 0,
  request: 0,
}
const target = Buffer.alloc(1 << 20)

const createQueue = (records = 256): TrafficQueue =>
  new TrafficQueue(auditConfig.parse({ traffic: { queue: records }, details: ['note'] }))

function shift(queue: TrafficQueue): { readonly requestId?: string; readonly details?: unknown } {
  const end = queue.shift(target, 0, fields)
  return JSON.parse(`{"seq":1${target.toString('utf8', 0, end)}`)
}

describe('the queue of requests that wait for the disk', () => {
  test('gives them back in order, whole, with their index fields, however they come and go', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ notes: fc.array(fc.string({ unit: 'binary', maxLength: 3000 })) }),
        fc.record({ take: fc.nat(40) }),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const queue = createQueue()
        const waiting: string[] = []
        let made = 0
        for (const step of all) {
          if ('notes' in step) {
            for (const note of step.notes) {
              const requestId = `request-${made++}`
              if (queue.push(traffic({ requestId, details: { note } }))) waiting.push(requestId)
            }
            continue
          }
          for (const requestId of waiting.splice(0, step.take)) {
            expect(shift(queue).requestId).toBe(requestId)
            expect(fields.request).toBe(hashText(requestId))
          }
        }
        expect(queue.length).toBe(waiting.length)
        for (const requestId of waiting) expect(shift(queue).requestId).toBe(requestId)
        expect(queue.length).toBe(0)
      }),
    )
  })

  test('refuses beyond its number of records, and takes them again when there is room', () => {
    const queue = createQueue(256)
    for (let at = 0; at < 256; at++) expect(queue.push(traffic({ requestId: `r${at}` }))).toBe(true)
    expect(queue.push(traffic())).toBe(false)
    expect(shift(queue).requestId).toBe('r0')
    expect(queue.push(traffic({ requestId: 'last' }))).toBe(true)
    expect(queue.clear()).toBe(256)
    expect(queue.push(traffic())).toBe(true)
  })

  test('holds no more bytes than its records may take on average, however long they are', () => {
    const queue = createQueue(256)
    const note = 'ü'.repeat(1000)
    let taken = 0
    while (queue.push(traffic({ details: { note } }))) taken++
    expect(taken).toBeGreaterThan(50)
    expect(taken).toBeLessThan(256)
    for (let at = 0; at < taken; at++) expect(shift(queue).details).toBeDefined()
    expect(queue.length).toBe(0)
  })
})
