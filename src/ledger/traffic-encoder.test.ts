import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { AuditRecord, TrafficEntry } from './record.ts'
import { auditConfig } from './config.ts'
import { indexFields } from './encode.ts'
import { traffic } from './ledger.fixture.ts'
import { FAST_BYTES_MAX, TrafficEncoder } from './traffic-encoder.ts'

const plain = fc.string({ maxLength: 40 })
const anyText = fc.oneof(
  plain,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constant('"\\\n\u2028'),
)
const entries: fc.Arbitrary<TrafficEntry> = fc.record({
  timeMs: fc.integer({ min: 0, max: 4e12 }),
  tenantId: anyText,
  actorKind: fc.constantFrom('key', 'session', 'anonymous', ''),
  actorId: anyText,
  action: anyText,
  target: fc.oneof(fc.constant(''), anyText),
  outcome: fc.constantFrom('allow', 'rate_limited', 'credential_invalid'),
  status: fc.integer({ min: 0, max: 599 }),
  route: anyText,
  method: fc.constantFrom('GET', 'POST', ''),
  path: anyText,
  requestId: anyText,
  requestIdTail: anyText,
  address: anyText,
  durationUs: fc.oneof(fc.integer({ min: 0, max: 2 ** 40 }), fc.maxSafeNat()),
  details: fc.constantFrom(undefined, { layer: 'limit', attempt: 2, other: 'left out' }),
})

function encode(encoder: TrafficEncoder, entry: TrafficEntry) {
  const text = encoder.encode(entry)
  const slowFields = { ...encoder.fields }
  const bytes = new Uint8Array(FAST_BYTES_MAX)
  const end = encoder.encodeInto(entry, bytes, 0)
  const fast = end < 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, end))
  return {
    text: `{"seq":7${text}`,
    rest: text,
    fast,
    slowFields,
    fastFields: { ...encoder.fields },
  }
}

describe('the encoder of requests', () => {
  test('what it wrote once and keeps does not change with the bytes it was written to', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({}))
    // The workbench of the log: its `slice` is a view, not a copy.
    const bench = Buffer.alloc(FAST_BYTES_MAX)
    const write = (requestIdTail: string) => {
      const entry = { ...traffic({ requestId: 'instance-' }), requestIdTail }
      return bench.toString('utf8', 0, encoder.encodeInto(entry, bench, 0))
    }
    expect(write('1')).toContain('"requestId":"instance-1"')
    bench.fill(0x22)
    expect(write('2')).toContain('"requestId":"instance-2"')
  })

  test('writes the same bytes and index fields on its fast and its general path', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({ details: ['layer', 'attempt'] }))
    fc.assert(
      fc.property(entries, (entry) => {
        const { rest, fast, slowFields, fastFields } = encode(encoder, entry)
        if (fast === undefined) return
        expect(fast).toBe(rest)
        expect(fastFields).toEqual(slowFields)
      }),
      { numRuns: 2000 },
    )
  })

  test('writes the same bytes on both paths for texts that come again, in whatever order', () => {
    const again = fc.record({
      route: fc.constantFrom('/scene/{id}', '/player/{id}'),
      status: fc.constantFrom(200, 404),
      requestId: fc.constantFrom('one-', 'two-'),
      requestIdTail: fc.constantFrom('', '1', '22', '"'),
      address: fc.constantFrom('', '192.0.2.7', '192.0.2.80', '"'),
      durationUs: fc.integer({ min: 9_999_990, max: 10_000_010 }),
    })
    fc.assert(
      fc.property(fc.array(again, { maxLength: 40 }), (all) => {
        const encoder = new TrafficEncoder(auditConfig.parse({}))
        for (const more of all) {
          const { rest, fast, slowFields, fastFields } = encode(encoder, traffic(more))
          const isPlain = more.requestIdTail !== '"' && more.address !== '"'
          expect(fast).toBe(isPlain ? rest : undefined)
          if (isPlain) expect(fastFields).toEqual(slowFields)
        }
      }),
    )
  })

  test('takes the fast path for a common request', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({}))
    expect(encode(encoder, traffic()).fast).toBeDefined()
  })

  test('writes JSON that says what the request was, with the index fields of the parsed record', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({ details: ['layer', 'attempt'] }))
    fc.assert(
      fc.property(entries, (entry) => {
        const { text, slowFields } = encode(encoder, entry)
        expect(text).not.toContain('\n')
        const record = JSON.parse(text) as AuditRecord
        expect(record).toMatchObject({ seq: 7, timeMs: entry.timeMs, kind: 'traffic' })
        expect(record.action).toBe(entry.action)
        expect(record.outcome).toBe(entry.outcome)
        expect(record.tenantId ?? '').toBe(entry.tenantId)
        expect(record.requestId ?? '').toBe(entry.requestId + entry.requestIdTail)
        expect(record.path).toBeUndefined()
        if (entry.actorKind !== '') expect(record.actor?.id).toBe(entry.actorId)
        expect(indexFields(record)).toEqual(slowFields)
      }),
    )
  })

  test('leaves out details that are not listed, and masks credentials in those that are', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({ details: ['note', 'password'] }))
    const details = {
      note: 'Bearer abcdefghijklmnop',
      password: 'hunter2hunter2',
      other: 'not listed',
    }
    const { text } = encode(encoder, traffic({ details }))
    expect(JSON.parse(text)).toMatchObject({ details: { note: 'Bearer [masked]' } })
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain('not listed')
  })

  test('records path and address only as configured, and never the query', () => {
    const entry = traffic({ path: '/scene/7?token=abc' })
    const full = new TrafficEncoder(auditConfig.parse({ traffic: { path: 'full' } }))
    const none = new TrafficEncoder(auditConfig.parse({ traffic: { address: 'none' } }))
    expect(JSON.parse(encode(full, entry).text)).toMatchObject({ path: '/scene/7' })
    expect(encode(none, entry).text).not.toContain('192.0.2.7')
    expect(encode(none, entry).text).not.toContain('/scene/7')
  })

  test('writes numbers up to the largest that is exact', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({}))
    for (const value of [0, 9_999_999, 10_000_000, 2 ** 52, 2 ** 53 - 10, 2 ** 53 - 1]) {
      const { rest, fast } = encode(encoder, traffic({ durationUs: value }))
      expect(fast).toBe(rest)
      expect(fast).toContain(`"durationUs":${value}}`)
    }
  })

  test('gives numbers that are no numbers the value 0', () => {
    const encoder = new TrafficEncoder(auditConfig.parse({}))
    const entry = traffic({ timeMs: Number.NaN, durationUs: -1 })
    const { text, rest, fast } = encode(encoder, entry)
    expect(JSON.parse(text)).toMatchObject({ timeMs: 0, durationUs: 0 })
    expect(fast).toBe(rest)
  })
})
