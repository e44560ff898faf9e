import { describe, expect, test } from 'bun:test'
import { parseHttpDate } from './http-date.ts'
import { FRESH, setUp } from './rig.fixture.ts'

/** Sentences of the RFCs that caches are known to read past, each on a whole cache. */

type Headers = Readonly<Record<string, string>>

/** Whether the second of two equal requests is answered from what is stored. */
async function isReused(response: Headers, request: Headers = {}): Promise<boolean> {
  const gate = setUp()
  gate.count(response)
  await gate.send({ headers: request })
  await gate.send({ headers: request })
  return gate.asked.length === 1
}

describe('dates (RFC 9111 §4.2)', () => {
  const inAnHour = (gate: ReturnType<typeof setUp>): string =>
    new Date(gate.clock.nowMs() + 3_600_000).toUTCString()

  test.each([
    ['as it should be written', (date: string) => date, true],
    ['in capitals', (date: string) => date.toUpperCase(), true],
    ['in small letters', (date: string) => date.toLowerCase(), true],
    ['with another zone', (date: string) => date.replace('GMT', 'UTC'), false],
    ['with an offset', (date: string) => date.replace('GMT', '+0000'), false],
    ['without its comma', (date: string) => date.replace(',', ''), false],
    ['twice', (date: string) => `${date}, ${date}`, false],
  ] as const)('of Expires %s', async (_name, write, reused) => {
    const gate = setUp()
    gate.count({ expires: write(inAnHour(gate)) })
    await gate.send()
    await gate.send()
    expect(gate.asked).toHaveLength(reused ? 1 : 2)
  })

  test('in their old forms are taken in any case, too', () => {
    const nowMs = Date.UTC(2026, 0, 1)
    const ms = Date.UTC(2050, 7, 18, 2, 1, 18)
    for (const text of ['THURSDAY, 18-AUG-50 02:01:18 gmt', 'thu AUG 18 02:01:18 2050']) {
      expect(parseHttpDate(text, nowMs)).toBe(ms)
    }
  })
})

describe('Cache-Control (RFC 9111 §5.2)', () => {
  test('a quote that nothing closes hides no prohibition behind it', async () => {
    expect(await isReused({ 'cache-control': 'max-age=60, ext="a, no-store' })).toBe(false)
    expect(await isReused({ 'cache-control': 'ext="a, max-age=60, private' })).toBe(false)
    expect(await isReused({ 'cache-control': 'max-age=60, ext="a, no-store"' })).toBe(true)
  })

  test('unknown directives, and extensions of known ones, change nothing (§5.2.3)', async () => {
    expect(await isReused({ 'cache-control': 'max-age=60, community="UCI", foo=1, bar' })).toBe(
      true,
    )
    expect(await isReused({ 'cache-control': 'max-age=60;foo=bar' })).toBe(false)
  })

  test.each(['private', 'no-cache'])(
    '%s with Set-Cookie by name stores the response without it (§5.2.2)',
    async (directive) => {
      const gate = setUp()
      gate.count({ 'cache-control': `max-age=60, ${directive}="Set-Cookie"`, 'set-cookie': 'a=b' })
      const first = await gate.send()
      const second = await gate.send()
      expect(gate.asked).toHaveLength(1)
      expect([first.get('set-cookie'), second.get('set-cookie')]).toEqual(['a=b', null])
      expect(second.body).toBe('n1')
    },
  )

  test('private or no-cache with another field by name lets no cookie through', async () => {
    const cookie = { 'set-cookie': 'a=b' }
    expect(await isReused({ 'cache-control': 'max-age=60, private="x"', ...cookie })).toBe(false)
    expect(await isReused({ 'cache-control': 'max-age=60, no-cache="x"', ...cookie })).toBe(false)
  })
})

describe('Vary (RFC 9111 §4.1)', () => {
  test('a response that has it goes before a newer one that forgot it', async () => {
    const gate = setUp()
    gate.answerWith(({ sent, times }) => {
      const language = sent.headers?.['accept-language']
      const vary: Headers = language === undefined ? {} : { vary: 'accept-language' }
      return new Response(`${language ?? 'default'} ${times}`, { headers: { ...FRESH, ...vary } })
    })
    const french = { headers: { 'accept-language': 'fr' } }
    expect((await gate.send(french)).body).toBe('fr 1')
    expect((await gate.send()).body).toBe('default 2')
    expect((await gate.send(french)).body).toBe('fr 1')
    expect((await gate.send()).body).toBe('default 2')
  })

  test('an origin that sends it no more is believed at once', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, vary: 'foo' })
    await gate.send({ headers: { foo: '1' } })
    await gate.send({ headers: { foo: '2' } })
    gate.clock.advance(61_000)
    gate.count(FRESH)
    expect((await gate.send({ headers: { foo: '1' } })).body).toBe('n3')
    expect((await gate.send({ headers: { foo: '1' } })).body).toBe('n3')
    expect((await gate.send({ headers: { foo: '3' } })).body).toBe('n3')
  })

  test('a field that is absent matches none that is empty', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, vary: 'foo' })
    await gate.send()
    expect((await gate.send({ headers: { foo: '' } })).body).toBe('n2')
    expect((await gate.send()).body).toBe('n1')
  })

  test('what is stored for other requests is told from what is not stored (RFC 9211 §2.2)', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, vary: 'foo' })
    expect((await gate.send()).get('cache-status')).toBe('Tollgate; fwd=uri-miss; stored')
    const other = await gate.send({ headers: { foo: '1' } })
    expect(other.get('cache-status')).toBe('Tollgate; fwd=vary-miss; stored')
    const head = await gate.send({ method: 'HEAD', headers: { 'cache-control': 'no-store' } })
    expect(head.get('cache-status')).toBe('Tollgate; fwd=request')
  })
})

describe('conditions', () => {
  test.each([203, 204])('are met by a stored %d as well (RFC 9110 §13.2.1)', async (status) => {
    const gate = setUp()
    gate.answerWith(() => new Response(null, { status, headers: { ...FRESH, etag: '"a"' } }))
    await gate.send()
    expect((await gate.send({ headers: { 'if-none-match': '"a"' } })).status).toBe(304)
    expect((await gate.send({ headers: { 'if-none-match': '"b"' } })).status).toBe(status)
    expect(gate.asked).toHaveLength(1)
  })

  test('are ignored where the answer is an error or a redirection', async () => {
    for (const status of [404, 301]) {
      const gate = setUp()
      gate.count({ ...FRESH, etag: '"a"', location: '/b' }, status)
      await gate.send()
      expect((await gate.send({ headers: { 'if-none-match': '"a"' } })).status).toBe(status)
    }
  })

  test('go to the origin with its tag as it wrote it, and never as any tag', async () => {
    for (const [etag, sent] of [
      ['"a"', [['if-none-match', '"a"']]],
      ['W/"a"', [['if-none-match', 'W/"a"']]],
      ['a-b', [['if-none-match', 'a-b']]],
      ['*', []],
    ] as const) {
      const gate = setUp()
      gate.count({ ...FRESH, etag })
      await gate.send()
      gate.clock.advance(61_000)
      await gate.send()
      expect(gate.asked[1]?.conditions).toEqual(sent)
    }
  })
})

describe('a client that wants to be sure', () => {
  test('has what is stored revalidated, not fetched again (RFC 9111 §5.2.1.4)', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, etag: '"a"' })
    await gate.send()
    gate.answerWith(() => new Response(null, { status: 304 }))
    for (const request of [{ 'cache-control': 'no-cache' }, { pragma: 'no-cache' }] as Headers[]) {
      expect((await gate.send({ headers: request })).body).toBe('n1')
      expect(gate.asked.at(-1)?.conditions).toEqual([['if-none-match', '"a"']])
    }
    expect(gate.asked).toHaveLength(3)
  })

  test('is not heard through Pragma beside Cache-Control (§5.4)', async () => {
    expect(await isReused(FRESH, { pragma: 'no-cache', 'cache-control': 'x' })).toBe(true)
  })
})

describe('targeted fields (RFC 9213 §2)', () => {
  const behind = (value: string, more: Headers = {}) =>
    isReused({ 'cache-control': 'max-age=60', 'cdn-cache-control': value, ...more })

  test('go before Cache-Control and Expires, also when they say nothing that counts here', async () => {
    expect(await behind('none')).toBe(false)
    expect(await behind('no-store')).toBe(false)
    expect(await behind('private')).toBe(false)
    expect(await behind('max-age=0')).toBe(false)
    expect(await behind('max-age=60', { 'cache-control': 'no-store' })).toBe(true)
    expect(await behind('max-age=60', { 'cache-control': 'private', expires: '0' })).toBe(true)
    expect(await behind('max-age=60, foo, bar=(1 2);x', { 'cache-control': 'no-store' })).toBe(true)
    expect(await behind('max-age=60;foo=bar', { 'cache-control': 'no-store' })).toBe(true)
    expect(await behind('max-age=1, max-age=60', { 'cache-control': 'no-store' })).toBe(true)
  })

  test.each(['', 'max-age="60"', 'max-age=60.0', 'max-age=60, &&', 'Max-Age=60', 'max-age =60'])(
    '%p is no value: the next field counts',
    async (value) => {
      expect(await behind(value)).toBe(true)
      expect(await behind(value, { 'cache-control': 'no-store' })).toBe(false)
    },
  )
})
