import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readFields } from './fields.ts'
import { FRESH, setUp } from './rig.fixture.ts'

/** Partial content: RFC 9111 §3.3 and §3.4, RFC 9110 §14 and §15.3.7. */

const CONTENT = '0123456789abcdefghij'
const TAGGED = { ...FRESH, etag: '"v1"' }

interface Played {
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: string
}

/** An origin that serves ranges, and judges If-Range and If-None-Match as RFC 9110 §13 says. */
function playRanges(
  gate: ReturnType<typeof setUp>,
  { headers = TAGGED, content = CONTENT }: Played = {},
) {
  gate.answerWith(({ conditions, sent }) => {
    const asked = readFields(conditions ?? Object.entries(sent.headers ?? {}))
    const etag = new Headers(headers).get('etag')
    const ifRange = asked.get('if-range')
    const ifNoneMatch = asked.get('if-none-match')
    if (ifNoneMatch !== null && ifNoneMatch === etag) {
      return new Response(null, { status: 304, headers })
    }
    const match = /^bytes=(\d*)-(\d*)$/.exec(asked.get('range') ?? '')
    if (match === null || (ifRange !== null && ifRange !== etag)) {
      return new Response(content, {
        headers: { ...headers, 'content-length': String(content.length) },
      })
    }
    const [, from = '', to = ''] = match
    const first = from === '' ? Math.max(0, content.length - Number(to)) : Number(from)
    const last =
      from === '' || to === '' ? content.length - 1 : Math.min(Number(to), content.length - 1)
    const part = content.slice(first, last + 1)
    return new Response(part, {
      status: 206,
      headers: {
        ...headers,
        'content-length': String(part.length),
        'content-range': `bytes ${first}-${last}/${content.length}`,
      },
    })
  })
}

function playing(played?: Played, options = {}) {
  const gate = setUp(options)
  playRanges(gate, played)
  const range = (value: string, more: Readonly<Record<string, string>> = {}) =>
    gate.send({ headers: { range: value, ...more } })
  return { ...gate, range }
}

describe('a part (RFC 9111 §3.3)', () => {
  test('is stored, and answers the ranges that lie within it', async () => {
    const gate = playing()
    const first = await gate.range('bytes=4-9')
    expect([first.status, first.body, first.get('content-range')]).toEqual([
      206,
      '456789',
      'bytes 4-9/20',
    ])
    expect(first.get('cache-status')).toBe('Tollgate; fwd=uri-miss; stored')
    const second = await gate.range('bytes=6-8')
    expect([second.status, second.body, second.get('content-range')]).toEqual([
      206,
      '678',
      'bytes 6-8/20',
    ])
    expect([second.get('content-length'), second.get('age')]).toEqual(['3', '0'])
    expect(second.get('cache-status')).toStartWith('Tollgate; hit')
    expect(gate.asked).toHaveLength(1)
  })

  test('at the end answers open and suffix ranges', async () => {
    const gate = playing()
    await gate.range('bytes=-6')
    expect((await gate.range('bytes=15-')).body).toBe('fghij')
    expect((await gate.range('bytes=-2')).body).toBe('ij')
    expect(gate.asked).toHaveLength(1)
  })

  test('tells that a range lies outside', async () => {
    const gate = playing()
    await gate.range('bytes=0-3')
    const outside = await gate.range('bytes=20-')
    expect([outside.status, outside.get('content-range')]).toEqual([416, 'bytes */20'])
    expect(gate.asked).toHaveLength(1)
  })

  test('never answers for more than it holds, nor a request for the whole', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    expect((await gate.range('bytes=3-5')).body).toBe('345')
    expect((await gate.range('bytes=8-12')).body).toBe('89abc')
    const whole = await gate.send()
    expect([whole.status, whole.body]).toEqual([200, CONTENT])
    expect(gate.asked).toHaveLength(4)
  })

  test('gives way to the whole', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    await gate.send()
    expect((await gate.range('bytes=0-19')).body).toBe(CONTENT)
    expect(gate.asked).toHaveLength(2)
  })

  test.each([
    ['whose place is malformed', 'bytes 0-1/1'],
    ['of a content of unknown length', 'bytes 0-1/*'],
    ['of other units', 'lines 0-1/9'],
  ])('%s is passed on and not stored', async (_, contentRange) => {
    const gate = setUp()
    gate.answerWith(
      () =>
        new Response('ab', { status: 206, headers: { ...FRESH, 'content-range': contentRange } }),
    )
    const sent = { headers: { range: 'bytes=0-1' } }
    expect((await gate.send(sent)).get('cache-status')).toContain('detail=partial')
    expect(gate.explain(sent)).toContain('part of the content')
    await gate.send(sent)
    expect(gate.asked).toHaveLength(2)
  })

  test('nobody asked for is not stored', async () => {
    const gate = setUp()
    gate.answerWith(
      () =>
        new Response('ab', { status: 206, headers: { ...FRESH, 'content-range': 'bytes 0-1/9' } }),
    )
    expect((await gate.send()).get('cache-status')).toContain('detail=partial')
  })

  test('that is not as long as it says answers the very same question alone, as it came', async () => {
    const gate = setUp()
    gate.answerWith(
      () =>
        new Response('01234', {
          status: 206,
          headers: { ...TAGGED, 'content-length': '5', 'content-range': 'bytes 4-9/10' },
        }),
    )
    const sent = { headers: { range: 'bytes=-6' } }
    await gate.send(sent)
    const again = await gate.send(sent)
    expect([again.status, again.body, again.get('content-range')]).toEqual([
      206,
      '01234',
      'bytes 4-9/10',
    ])
    expect(gate.asked).toHaveLength(1)
    await gate.send({ headers: { range: 'bytes=4-9' } })
    expect(gate.asked).toHaveLength(2)
  })

  test('to a request with If-Range has not all fields, and is not stored (RFC 9110 §15.3.7)', async () => {
    const gate = playing()
    expect((await gate.range('bytes=0-3', { 'if-range': '"v1"' })).status).toBe(206)
    await gate.range('bytes=0-3')
    expect(gate.asked).toHaveLength(2)
    expect(gate.asked[0]?.conditions).toBeUndefined()
  })

  test('several ranges at once go as they came and are not stored', async () => {
    const gate = playing()
    await gate.range('bytes=0-1,4-5')
    expect(gate.asked[0]?.conditions).toBeUndefined()
  })

  test('lives no longer than it may, and is renewed by a 304', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    gate.clock.advance(61_000)
    const renewed = await gate.range('bytes=6-8')
    expect([renewed.status, renewed.body]).toEqual([206, '678'])
    expect(gate.asked[1]?.conditions).toEqual([
      ['if-none-match', '"v1"'],
      ['range', 'bytes=6-8'],
    ])
    expect((await gate.range('bytes=4-9')).body).toBe('456789')
    expect(gate.asked).toHaveLength(2)
  })

  test('is replaced where the content has changed', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    gate.clock.advance(61_000)
    playRanges(gate, { headers: { ...FRESH, etag: '"v2"' }, content: CONTENT.toUpperCase() })
    expect((await gate.range('bytes=12-13')).body).toBe('CD')
    await gate.range('bytes=6-8')
    expect(gate.asked).toHaveLength(3)
  })

  test('is outdated by an answer for the whole, also by one that may not be stored', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    playRanges(gate, { headers: { 'cache-control': 'no-store' }, content: CONTENT.toUpperCase() })
    await gate.send()
    expect((await gate.range('bytes=4-9')).body).toBe('456789')
    expect(gate.asked).toHaveLength(3)
  })

  test('of one variant answers no other', async () => {
    const gate = playing({ headers: { ...TAGGED, vary: 'x' } })
    await gate.range('bytes=4-9', { x: '1' })
    await gate.range('bytes=4-9', { x: '2' })
    expect(gate.asked).toHaveLength(2)
    await gate.range('bytes=4-9', { x: '1' })
    expect(gate.asked).toHaveLength(2)
  })

  test('is asked for once by many at the same time', async () => {
    const gate = playing()
    const all = await Promise.all(Array.from({ length: 20 }, () => gate.range('bytes=4-9')))
    expect(new Set(all.map(({ body }) => body))).toEqual(new Set(['456789']))
    expect(gate.asked).toHaveLength(1)
  })

  test('is explained', async () => {
    const gate = playing()
    await gate.range('bytes=0-9')
    expect(gate.explain({ headers: { range: 'bytes=2-3' } })).toContain(
      'hit: fresh (status 206, 10 bytes from 0 on of 20',
    )
    expect(gate.explain()).toBe('miss: 10 of 20 bytes are stored, the rest would be asked for')
  })
})

describe('If-Range (RFC 9110 §13.1.5) on a stored part', () => {
  test('that is met gives the part', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    expect((await gate.range('bytes=4-5', { 'if-range': '"v1"' })).status).toBe(206)
    expect(gate.asked).toHaveLength(1)
  })

  test('that is not met asks for the whole, as does one on a stale part', async () => {
    const gate = playing()
    await gate.range('bytes=4-9')
    expect((await gate.range('bytes=4-5', { 'if-range': '"v0"' })).body).toBe(CONTENT)
    const stale = playing()
    await stale.range('bytes=4-9')
    stale.clock.advance(61_000)
    playRanges(stale, { headers: { ...FRESH, etag: '"v2"' }, content: 'new' })
    const answer = await stale.range('bytes=4-5', { 'if-range': '"v1"' })
    expect([answer.status, answer.body]).toEqual([200, 'new'])
  })
})

describe('parts are combined (RFC 9111 §3.4, RFC 9110 §15.3.7.3)', () => {
  test('where they touch or overlap', async () => {
    const gate = playing()
    await gate.range('bytes=0-4')
    await gate.range('bytes=10-14')
    await gate.range('bytes=5-11')
    expect((await gate.range('bytes=2-13')).body).toBe('23456789abcd')
    expect(gate.asked).toHaveLength(3)
  })

  test('to a whole response, which answers like any other', async () => {
    const gate = playing()
    await gate.range('bytes=0-9')
    await gate.range('bytes=10-')
    const whole = await gate.send()
    expect([whole.status, whole.body, whole.get('content-range')]).toEqual([200, CONTENT, null])
    expect(whole.get('content-length')).toBe('20')
    expect(gate.asked).toHaveLength(2)
  })

  test.each([
    ['a weak tag', { ...FRESH, etag: 'W/"v1"' }],
    ['no tag', FRESH],
    [
      'a date within the same second',
      {
        ...FRESH,
        date: 'Thu, 01 Jan 2026 00:00:00 GMT',
        'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      },
    ],
  ])('not by %s: the newer one replaces the older', async (_, headers) => {
    const gate = playing({ headers })
    await gate.range('bytes=0-9')
    await gate.range('bytes=10-19')
    await gate.range('bytes=2-3')
    expect(gate.asked).toHaveLength(3)
  })

  test('not of different content', async () => {
    const gate = playing()
    await gate.range('bytes=0-9')
    playRanges(gate, { headers: { ...FRESH, etag: '"v2"' }, content: CONTENT.toUpperCase() })
    await gate.range('bytes=10-19')
    expect((await gate.send()).body).toBe(CONTENT.toUpperCase())
  })

  test('not beyond the bound of a body, and at most as many as variants are kept', async () => {
    const gate = playing({}, { bodyBytesMax: 8, variantsMax: 2 })
    await gate.range('bytes=0-5')
    await gate.range('bytes=6-11')
    await gate.range('bytes=14-16')
    expect((await gate.range('bytes=15-16')).body).toBe('fg')
    expect((await gate.range('bytes=7-8')).body).toBe('78')
    expect(gate.asked).toHaveLength(3)
    await gate.range('bytes=1-2')
    expect(gate.asked).toHaveLength(4)
  })

  test('into what the origin has, in whatever order and size they come', async () => {
    const piece = fc.tuple(fc.nat(19), fc.nat(19)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)])
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const gate = playing({}, { variantsMax: 16 })
        for (const [first = 0, last = 0] of pieces) {
          const { status, body } = await gate.range(`bytes=${first}-${last}`)
          expect([status, body]).toEqual([206, CONTENT.slice(first, last + 1)])
        }
        expect((await gate.send()).body).toBe(CONTENT)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a beginning is completed (RFC 9111 §3.4)', () => {
  test('by asking for the rest alone', async () => {
    const gate = playing()
    await gate.range('bytes=0-11')
    const whole = await gate.send()
    expect([whole.status, whole.body]).toEqual([200, CONTENT])
    expect(whole.get('cache-status')).toBe('Tollgate; fwd=partial; stored')
    expect(gate.asked[1]?.conditions).toEqual([
      ['range', 'bytes=12-'],
      ['if-range', '"v1"'],
    ])
    expect((await gate.send()).body).toBe(CONTENT)
    expect(gate.asked).toHaveLength(2)
  })

  test('also when it is stale: If-Range tells whether it still holds', async () => {
    const gate = playing()
    await gate.range('bytes=0-11')
    gate.clock.advance(61_000)
    expect((await gate.send()).body).toBe(CONTENT)
    const changed = playing()
    await changed.range('bytes=0-11')
    playRanges(changed, { headers: { ...FRESH, etag: '"v2"' }, content: 'another' })
    expect((await changed.send()).body).toBe('another')
  })

  test.each([
    ['other content', { etag: '"v2"', 'content-range': 'bytes 12-19/20' }],
    ['another place', { etag: '"v1"', 'content-range': 'bytes 13-19/20' }],
    ['another length', { etag: '"v1"', 'content-range': 'bytes 12-19/21' }],
  ])('not with %s: then all of it is asked for', async (_, wrong) => {
    const gate = playing()
    await gate.range('bytes=0-11')
    gate.answerWith(({ conditions }) =>
      conditions?.length === 0
        ? new Response('everything', { headers: TAGGED })
        : new Response('........', { status: 206, headers: { ...FRESH, ...wrong } }),
    )
    const whole = await gate.send()
    expect([whole.status, whole.body]).toEqual([200, 'everything'])
  })

  test('not with a rest that breaks off: the client is told, and nothing is stored', async () => {
    const gate = playing()
    await gate.range('bytes=0-11')
    gate.answerWith(
      () =>
        new Response('cd', {
          status: 206,
          headers: { ...TAGGED, 'content-range': 'bytes 12-19/20' },
        }),
    )
    const broken = await gate.send().catch(String)
    expect(broken).toContain('broke off')
    playRanges(gate)
    expect((await gate.send()).body).toBe(CONTENT)
  })
})
