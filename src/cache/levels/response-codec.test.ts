import { describe, expect, test } from 'bun:test'
import { fromUtf8, utf8 } from '../../core/bytes.ts'
import type { StoredEntry } from '../contract.ts'
import type { StoredResponse } from '../http/stored-response.ts'
import type { ResponseEntry } from './response-codec.ts'
import { decodeResponse, encodeResponse } from './response-codec.ts'

/** Stored responses on their way through disk and Redis: whole, or not at all. */

const NOW_MS = 1_800_000_000_000

const stored = (more: Partial<StoredResponse> = {}): StoredResponse => ({
  status: 200,
  fields: [
    ['content-type', 'text/plain'],
    ['etag', '"a"'],
  ],
  body: utf8('a body'),
  terms: {
    storedMs: NOW_MS - 5000,
    ageMs: 0,
    lifetimeMs: 60_000,
    alwaysAsk: false,
    neverStale: true,
    staleWhileRevalidateMs: 1000,
    staleIfErrorMs: 2000,
    disconnectedMs: 3000,
  },
  varyNames: ['accept'],
  selecting: ['text/plain'],
  tagIsMade: false,
  surrogates: ['k'],
  mayCode: true,
  coded: {},
  ...more,
})

const entryOf = (...list: StoredResponse[]): ResponseEntry => ({
  variants: { list },
  tenant: 'acme',
  names: [
    { kind: 'tag', name: 'k' },
    { kind: 'tenant', name: 'acme' },
  ],
  keepMs: 120_000,
})

/** The entry with its description changed, as another version or a stranger would have written it. */
function rewritten({ meta, body }: StoredEntry, change: (head: string) => string): StoredEntry {
  const view = new DataView(body.buffer, body.byteOffset)
  const end = 4 + view.getUint32(0)
  const head = utf8(change(fromUtf8(body.subarray(4, end)) ?? ''))
  const bytes = new Uint8Array(4 + head.length + body.length - end)
  new DataView(bytes.buffer).setUint32(0, head.length)
  bytes.set(head, 4)
  bytes.set(body.subarray(end), 4 + head.length)
  return { meta, body: bytes }
}

describe('a stored response', () => {
  test('comes back as it was, each variant and each part of content', () => {
    const part = { first: 3, completeBytes: 100 }
    const echoes = { asked: 'bytes=0-5', contentRange: 'bytes 0-9/*' }
    const entry = entryOf(
      stored(),
      stored({ status: 206, part, body: utf8('part') }),
      stored({ status: 206, part: { ...part, echoes }, body: utf8('echo') }),
      stored({ status: 404, body: new Uint8Array() }),
    )
    expect(decodeResponse(encodeResponse(entry, NOW_MS), NOW_MS)).toEqual(entry)
  })

  test('is as old in another process as it was in this one', () => {
    const found = decodeResponse(encodeResponse(entryOf(stored()), NOW_MS), NOW_MS + 7000)
    expect(found?.keepMs).toBe(113_000)
    expect(found?.variants.list[0]?.terms.storedMs).toBe(NOW_MS - 5000)
  })

  test.each<[string, (head: string) => string]>([
    ['without a format', (head) => JSON.stringify((JSON.parse(head) as { variants: [] }).variants)],
    ['of another format', (head) => head.replace('"format":2', '"format":1')],
    [
      'with a part that has no place',
      (head) => head.replace('"status":200', '"status":200,"part":{}'),
    ],
    ['with terms that lack one', (head) => head.replace('"neverStale":true,', '')],
    ['with a term that is no number', (head) => head.replace('60000', '"60000"')],
    ['with a status that is none', (head) => head.replace('"status":200', '"status":99')],
    [
      'with a field that breaks out of its line',
      (head) => head.replace('text/plain', String.raw`a\r\nb: c`),
    ],
    ['with a field name that is none', (head) => head.replace('content-type', 'content type')],
    ['with fields that are no pairs', (head) => head.replace('["etag","\\"a\\""]', '["etag"]')],
    [
      'with a body that is longer than there are bytes',
      (head) => head.replace('"bodyBytes":6', '"bodyBytes":7'),
    ],
    ['with a negative length', (head) => head.replace('"bodyBytes":6', '"bodyBytes":-6')],
    ['without variants', (head) => head.replace(/"variants":.*/, '"variants":[]}')],
    ['that is no JSON', (head) => head.slice(1)],
    ['that is null', () => 'null'],
  ])('%s is not there', (_, change) => {
    const encoded = encodeResponse(entryOf(stored()), NOW_MS)
    const head = rewritten(encoded, (same) => same)
    expect(decodeResponse(head, NOW_MS)).toBeDefined()
    const changed = rewritten(encoded, change)
    expect(changed.body).not.toEqual(encoded.body)
    expect(decodeResponse(changed, NOW_MS)).toBeUndefined()
  })

  test('of which bytes are missing is not there, wherever it was cut', () => {
    const { meta, body } = encodeResponse(entryOf(stored(), stored({ body: utf8('b') })), NOW_MS)
    for (let length = 0; length < body.length; length += 1) {
      expect(decodeResponse({ meta, body: body.slice(0, length) }, NOW_MS)).toBeUndefined()
    }
  })
})
