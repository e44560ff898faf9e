import { describe, expect, test } from 'bun:test'
import { everyResponse, pathName, surrogateName, tenantName, urlName } from './resource-names.ts'
import type { Reply } from './rig.fixture.ts'
import { FRESH, setUp } from './rig.fixture.ts'

describe('a stored response', () => {
  test('answers without asking, synchronously, until it is stale', async () => {
    const gate = setUp()
    gate.count(FRESH)
    expect((await gate.send()).get('cache-status')).toBe('Tollgate; fwd=uri-miss; stored')
    expect(gate.isSynchronous()).toBe(true)
    gate.clock.advance(59_000)
    const hit = await gate.send()
    expect([hit.body, hit.get('age'), hit.get('cache-status')]).toEqual([
      'n1',
      '59',
      'Tollgate; hit; ttl=1',
    ])
    gate.clock.advance(1000)
    expect((await gate.send()).body).toBe('n2')
    expect(gate.asked).toHaveLength(2)
  })

  test('is revalidated by its validators, and renewed by a 304', async () => {
    const gate = setUp()
    gate.answerWith(({ conditions }) =>
      conditions?.length === 0
        ? new Response('body', { headers: { ...FRESH, etag: '"a"', x: '1' } })
        : new Response(null, { status: 304, headers: { 'cache-control': 'max-age=60', x: '2' } }),
    )
    await gate.send()
    gate.clock.advance(61_000)
    const renewed = await gate.send()
    expect(gate.asked[1]?.conditions).toEqual([['if-none-match', '"a"']])
    expect([renewed.status, renewed.body, renewed.get('x')]).toEqual([200, 'body', '2'])
    expect(renewed.get('cache-status')).toBe('Tollgate; fwd=stale; fwd-status=304; stored')
    expect((await gate.send({ headers: { 'if-none-match': '"a"' } })).status).toBe(304)
    expect(gate.asked).toHaveLength(2)
  })

  test('with no-cache is asked about each time, and may be dropped by what the 304 says', async () => {
    const gate = setUp()
    let control = 'no-cache'
    gate.answerWith(({ conditions }) =>
      conditions?.length === 0
        ? new Response('body', { headers: { 'cache-control': control, etag: '"a"' } })
        : new Response(null, { status: 304, headers: { 'cache-control': control } }),
    )
    await gate.send()
    await gate.send()
    expect(gate.asked).toHaveLength(2)
    control = 'no-store'
    expect((await gate.send()).body).toBe('body')
    await gate.send()
    expect(gate.asked.at(-1)?.conditions).toEqual([])
  })

  test.each(['private="x"', 'no-cache="x, y"'])(
    'with %s keeps those fields for the client that asked (RFC 9111 §5.2.2)',
    async (directive) => {
      const gate = setUp()
      gate.count({ ...FRESH, 'cache-control': `max-age=60, ${directive}`, x: '1', z: '2' })
      const first = await gate.send()
      expect([first.get('x'), first.get('z')]).toEqual(['1', '2'])
      const second = await gate.send()
      expect([second.body, second.get('x'), second.get('z')]).toEqual(['n1', null, '2'])
    },
  )

  test('is replaced for good by an answer that may not be stored', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, etag: '"a"' })
    await gate.send()
    gate.count({ 'cache-control': 'no-store' })
    await gate.send({ headers: { 'cache-control': 'no-cache' } })
    expect((await gate.send()).body).toBe('n3')
  })

  test('is kept by variants, several at once, at most as many as allowed', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, vary: 'Foo' })
    for (const foo of ['1', '2', '3', '4']) await gate.send({ headers: { foo } })
    for (const foo of ['1', '2', '3', '4']) {
      expect((await gate.send({ headers: { foo } })).body).toBe(`n${foo}`)
    }
    await gate.send({ headers: { foo: '5' } })
    await gate.send({ headers: { foo: '1' } })
    expect(gate.asked).toHaveLength(6)
    expect((await gate.send()).body).toBe('n7')
  })

  test('belongs to its scope: no tenant and no caller gets that of another', async () => {
    const gate = setUp()
    gate.count(FRESH)
    const bodies = []
    for (const who of [
      { caller: 'a', tenantId: 't' },
      { caller: 'b', tenantId: 't' },
      { caller: 'a', tenantId: 'u' },
      {},
    ]) {
      bodies.push((await gate.send(who)).body)
    }
    expect(bodies).toEqual(['n1', 'n2', 'n3', 'n4'])
    expect((await gate.send({ caller: 'b', tenantId: 't' })).body).toBe('n2')
  })

  test('that another method changed is forgotten, also where it was being fetched meanwhile', async () => {
    const gate = setUp()
    gate.count(FRESH)
    await gate.send()
    await gate.send({ method: 'POST' })
    expect((await gate.send()).body).toBe('n3')
    const { promise, resolve } = Promise.withResolvers<Reply>()
    gate.answerWith(({ times }) =>
      times === 4 ? promise : new Response(`n${times}`, { headers: FRESH }),
    )
    const reading = gate.send({ target: '/b' })
    await gate.send({ target: '/b', method: 'DELETE' })
    resolve(new Response('old', { headers: { ...FRESH, 'content-length': '3' } }))
    expect((await reading).get('cache-status')).toContain('detail=overtaken')
    expect((await gate.send({ target: '/b' })).body).toBe('n6')
  })

  test('that a failed change did not touch stays; one without an answer takes it away', async () => {
    const gate = setUp()
    gate.count(FRESH)
    await gate.send()
    gate.answerWith(() => new Response('no', { status: 500 }))
    await gate.send({ method: 'PUT' })
    expect((await gate.send()).body).toBe('n1')
    gate.answerWith(() => 'down')
    await gate.send({ method: 'PUT' })
    gate.count(FRESH)
    expect((await gate.send()).body).not.toBe('n1')
  })

  test('of a POST with its own Content-Location answers GET', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, 'content-location': '/a' })
    expect((await gate.send({ method: 'POST' })).body).toBe('n1')
    expect((await gate.send()).body).toBe('n1')
  })

  test('of a POST is no guess: without a stated lifetime GET asks (RFC 9110 §9.3.3)', async () => {
    const gate = setUp({ heuristicShare: 0.1, heuristicMaxMs: 86_400_000 })
    gate.count({ 'last-modified': 'Sat, 01 Jan 2000 00:00:00 GMT', 'content-location': '/a' })
    await gate.send({ method: 'POST' })
    expect((await gate.send()).body).toBe('n2')
    expect((await gate.send()).body).toBe('n2')
  })

  test('is renewed by HEAD, or forgotten when HEAD tells of another one', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, etag: '"a"' })
    await gate.send()
    gate.clock.advance(61_000)
    gate.answerWith(() => new Response(null, { headers: { ...FRESH, etag: '"a"' } }))
    await gate.send({ method: 'HEAD' })
    expect((await gate.send()).body).toBe('n1')
    gate.clock.advance(61_000)
    gate.answerWith(() => new Response(null, { headers: { ...FRESH, etag: '"b"' } }))
    await gate.send({ method: 'HEAD' })
    gate.count(FRESH)
    expect((await gate.send()).body).toBe('n4')
  })
})

describe('staleness', () => {
  test('stale-while-revalidate answers at once and asks once in the background', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, 'cache-control': 'max-age=1, stale-while-revalidate=60' })
    await gate.send()
    gate.clock.advance(5000)
    const { promise, resolve } = Promise.withResolvers<Reply>()
    gate.answerWith(() => promise)
    const stale = await Promise.all([gate.send(), gate.send(), gate.send()])
    expect(stale.map(({ body }) => body)).toEqual(['n1', 'n1', 'n1'])
    expect(stale[0]?.get('cache-status')).toBe('Tollgate; hit; ttl=-4')
    expect(gate.asked.map(({ inBackground }) => inBackground)).toEqual([false, true])
    resolve(new Response('new', { headers: FRESH }))
    await Bun.sleep(0)
    expect((await gate.send()).body).toBe('new')
  })

  test('stale-if-error stands in for errors, must-revalidate never', async () => {
    for (const [control, status, body] of [
      ['max-age=1, stale-if-error=60', 200, 'n1'],
      ['max-age=1', 503, 'no'],
      ['max-age=1, stale-if-error=60, must-revalidate', 503, 'no'],
    ] as const) {
      const gate = setUp()
      gate.count({ ...FRESH, 'cache-control': control })
      await gate.send()
      gate.clock.advance(5000)
      gate.answerWith(() => new Response('no', { status: 503 }))
      const made = await Promise.all([gate.send(), gate.send()])
      expect(made.map((each) => [each.status, each.body])).toEqual([
        [status, body],
        [status, body],
      ])
    }
  })

  test.each(['GET', 'HEAD'])(
    'a %s that went forward in vain is no hit, and has its Age (RFC 9211 §2.1, RFC 9111 §4)',
    async (method) => {
      const gate = setUp()
      gate.count({ ...FRESH, 'cache-control': 'max-age=0, stale-if-error=60', etag: '"a"' })
      await gate.send()
      gate.answerWith(() => new Response('no', { status: 503 }))
      const inPlace = await gate.send({ method })
      expect([inPlace.get('cache-status'), inPlace.get('age')]).toEqual([
        'Tollgate; fwd=stale; fwd-status=503; ttl=0; detail=stale-if-error',
        '0',
      ])
    },
  )

  test('an origin out of reach is stood in for, for as long as allowed', async () => {
    const gate = setUp()
    gate.count({ ...FRESH, 'cache-control': 'max-age=1' })
    await gate.send()
    gate.answerWith(() => 'down')
    gate.clock.advance(60_000)
    expect((await gate.send()).body).toBe('n1')
    gate.clock.advance(1000)
    expect((await gate.send()).body).toBe('down')
    expect((await gate.send({ target: '/never' })).body).toBe('down')
  })
})

describe('what clients may ask', () => {
  test('only-if-cached is 504 without asking', async () => {
    const gate = setUp()
    expect((await gate.send({ headers: { 'cache-control': 'only-if-cached' } })).status).toBe(504)
    expect(gate.asked).toHaveLength(0)
  })

  test('nothing, where requests do not count', async () => {
    const gate = setUp({ honorsRequests: false })
    gate.count(FRESH)
    await gate.send()
    expect((await gate.send({ headers: { 'cache-control': 'no-cache' } })).body).toBe('n1')
  })

  test('nothing, where requests do not count: no-store neither keeps others waiting nor drops what is stored', async () => {
    const sent = { headers: { 'cache-control': 'no-store' } }
    const gate = setUp({ honorsRequests: false })
    gate.count({ 'cache-control': 'max-age=1, stale-while-revalidate=600', etag: '"a"' })
    const cold = await Promise.all([gate.send(sent), gate.send(), gate.send()])
    expect([gate.asked.length, ...cold.map(({ body }) => body)]).toEqual([1, 'n1', 'n1', 'n1'])
    gate.clock.advance(2000)
    expect((await gate.send(sent)).body).toBe('n1')
    await Bun.sleep(0)
    gate.answerWith(() => 'down')
    expect((await gate.send()).body).toBe('n2')
  })

  test('conditions are met here when the response had to be fetched whole', async () => {
    const gate = setUp()
    gate.count({ 'cache-control': 'no-store', etag: '"a"' })
    const made = await gate.send({ headers: { 'if-none-match': '"a"' } })
    expect([made.status, gate.asked[0]?.conditions]).toEqual([304, []])
  })
})

describe('purging', () => {
  test.each([
    ['its URL', urlName({ host: 'h.test', target: '/a?q=1' }), true],
    ['its path', pathName({ host: 'h.test', target: '/a' }), true],
    ['its surrogate key', surrogateName('k1'), true],
    ['its tenant', tenantName('t'), true],
    ['everything', everyResponse, true],
    ['another URL', urlName({ host: 'h.test', target: '/a' }), false],
    ['another key', surrogateName('k3'), false],
    ['another tenant', tenantName('u'), false],
  ] as const)('by %s', async (_, name, isGone) => {
    const gate = setUp()
    gate.count({ ...FRESH, 'surrogate-key': 'k1 k2' })
    const sent = { target: '/a?q=1', tenantId: 't' }
    expect((await gate.send(sent)).get('surrogate-key')).toBeNull()
    gate.caches.invalidate(name)
    expect(gate.heard).toEqual([name])
    expect((await gate.send(sent)).body).toBe(isGone ? 'n2' : 'n1')
  })

  test('by a key of a response that was renewed by a 304 still works', async () => {
    const gate = setUp()
    gate.answerWith(({ conditions, times }) =>
      conditions?.length === 0
        ? new Response(`n${times}`, { headers: { ...FRESH, etag: '"a"', xkey: 'k' } })
        : new Response(null, { status: 304, headers: FRESH }),
    )
    await gate.send()
    gate.clock.advance(61_000)
    await gate.send()
    gate.caches.invalidate(surrogateName('k'))
    expect((await gate.send()).body).toBe('n3')
  })
})

test('explanations say why something is stored or not', async () => {
  const gate = setUp()
  expect(gate.explain()).toBe('miss: nothing is stored')
  gate.count({ 'cache-control': 'private' })
  await gate.send()
  expect(gate.explain()).toBe(
    'miss: the last response was not stored (200): the response says private',
  )
  gate.count(FRESH)
  await gate.send({ target: '/b' })
  expect(gate.explain({ target: '/b' })).toBe('hit: fresh (status 200, 2 bytes, age 0 s of 60 s)')
  expect(gate.explain({ target: '/b', method: 'POST' })).toContain('invalidates')
  expect(gate.caches.stats()).toMatchObject({
    miss: 2,
    stored: 1,
    entries: 1,
    notStored: { private: 1 },
  })
})

test('strangers cannot fill memory: bytes and entries are bounded', async () => {
  const gate = setUp({}, { entriesMax: 50, bytesMax: 100_000 })
  gate.count({ ...FRESH, x: 'y'.repeat(500) })
  for (let at = 0; at < 300; at += 1) await gate.send({ target: `/${at}` })
  const { entries, bytes } = gate.caches.stats()
  expect(entries).toBeLessThanOrEqual(50)
  expect(bytes).toBeLessThanOrEqual(100_000)
})
