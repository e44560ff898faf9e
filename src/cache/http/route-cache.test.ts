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

describe('many requests for the same', () => {
  const slow = (
    gate: ReturnType<typeof setUp>,
    headers: Readonly<Record<string, string>>,
    size = 2,
  ) =>
    gate.answerWith(async ({ times }) => {
      await Bun.sleep(20)
      return new Response(String(times).padEnd(size, '.'), { headers })
    })

  test('ask once when the response can be stored', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    const made = await Promise.all(Array.from({ length: 50 }, () => gate.send()))
    expect(gate.asked).toHaveLength(1)
    expect(new Set(made.map(({ body }) => body)).size).toBe(1)
    expect(made.filter((each) => each.get('cache-status')?.includes('collapsed'))).toHaveLength(49)
  })

  test('are not made to wait in turn when it cannot: one round of waiting, then none', async () => {
    const gate = setUp()
    let atOnce = 0
    let most = 0
    gate.answerWith(async () => {
      most = Math.max(most, (atOnce += 1))
      await Bun.sleep(10)
      atOnce -= 1
      return new Response('x', { headers: { 'cache-control': 'private' } })
    })
    await Promise.all(Array.from({ length: 20 }, () => gate.send()))
    expect([gate.asked.length, most]).toEqual([20, 19])
    most = 0
    await Promise.all(Array.from({ length: 20 }, () => gate.send()))
    expect(most).toBe(20)
    expect(gate.asked.at(-1)?.conditions).toBeUndefined()
  })

  test('with different selecting fields wait for their own', async () => {
    const gate = setUp()
    slow(gate, { ...FRESH, vary: 'foo' })
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, at) => gate.send({ headers: { foo: String(at % 2) } })),
    )
    expect(gate.asked.length).toBeLessThanOrEqual(3)
    expect(new Set(made.map(({ body }) => body)).size).toBe(2)
  })

  test('of different callers never share', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    await Promise.all(['a', 'b', 'c'].map((caller) => gate.send({ caller, tenantId: 't' })))
    expect(gate.asked).toHaveLength(3)
  })

  test('beyond the bound ask for themselves', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    await Promise.all(Array.from({ length: 60 }, () => gate.send()))
    expect(gate.asked).toHaveLength(10)
  })

  test('go on when who asked first is late', async () => {
    const gate = setUp()
    gate.answerWith(({ times }) =>
      times === 1
        ? new Promise<Reply>(() => undefined)
        : new Response('second', { headers: FRESH }),
    )
    void gate.send()
    expect((await gate.send()).body).toBe('second')
  })

  test('share what broke: one refusal for all', async () => {
    const gate = setUp()
    gate.answerWith(async () => {
      await Bun.sleep(5)
      return 'down' as const
    })
    const made = await Promise.all(Array.from({ length: 10 }, () => gate.send()))
    expect(made.every(({ body }) => body === 'down')).toBe(true)
    expect(gate.asked).toHaveLength(1)
  })

  test('an origin that throws leaves nobody waiting', async () => {
    const gate = setUp()
    gate.answerWith(async () => {
      await Bun.sleep(5)
      throw new Error('broken')
    })
    const made = await Promise.allSettled([gate.send(), gate.send()])
    expect(made.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})

describe('bodies', () => {
  const stream = (chunks: readonly string[], fails = false): ReadableStream<Uint8Array> => {
    let at = 0
    return new ReadableStream({
      pull(controller) {
        const chunk = chunks[at]
        at += 1
        if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk))
        else if (fails) controller.error(new Error('cut'))
        else controller.close()
      },
    })
  }

  test('of unknown length are passed on while they are stored', async () => {
    const gate = setUp()
    gate.answerWith(() => new Response(stream(['a', 'b', 'c']), { headers: FRESH }))
    expect((await gate.send()).body).toBe('abc')
    expect((await gate.send()).body).toBe('abc')
    expect(gate.asked).toHaveLength(1)
  })

  test('too large are passed on whole and not stored', async () => {
    const gate = setUp({ bodyBytesMax: 10 })
    const long = Array.from({ length: 50 }, (_, at) => `${at},`)
    gate.answerWith(() => new Response(stream(long), { headers: FRESH }))
    expect((await gate.send()).body).toBe(long.join(''))
    expect((await gate.send()).get('cache-status')).not.toContain('hit')
    expect(gate.explain()).toContain('not stored')
    const declared = setUp({ bodyBytesMax: 10 })
    declared.answerWith(
      () => new Response('x'.repeat(11), { headers: { ...FRESH, 'content-length': '11' } }),
    )
    expect((await declared.send()).get('cache-status')).toContain('detail=too-large')
  })

  test('that break off break off for the client too, and are not stored', async () => {
    const gate = setUp()
    gate.answerWith(() => new Response(stream(['a'], true), { headers: FRESH }))
    expect(gate.send()).rejects.toThrow()
    await Bun.sleep(0)
    gate.count(FRESH)
    expect((await gate.send()).body).toBe('n2')
  })

  test('are coded as the client likes, once, with a weak tag; ranges are of the plain bytes', async () => {
    const gate = setUp()
    const body = 'compressible '.repeat(100)
    gate.answerWith(() => new Response(body, { headers: { ...FRESH, etag: '"a"', vary: 'foo' } }))
    await gate.send()
    const first = await gate.send({ headers: { 'accept-encoding': 'br' } })
    expect([first.get('content-encoding'), first.get('etag'), first.get('vary')]).toEqual([
      'br',
      'W/"a"',
      'foo, accept-encoding',
    ])
    expect(gate.isSynchronous({ headers: { 'accept-encoding': 'br' } })).toBe(true)
    const plain = await gate.send()
    expect([plain.body, plain.get('content-encoding'), plain.get('vary')]).toEqual([
      body,
      null,
      'foo, accept-encoding',
    ])
    const had = await gate.send({
      headers: { 'accept-encoding': 'gzip', 'if-none-match': 'W/"a"' },
    })
    expect(had.status).toBe(304)
    const part = await gate.send({ headers: { 'accept-encoding': 'br', range: 'bytes=0-3' } })
    expect([part.body, part.get('content-encoding')]).toEqual(['comp', null])
    expect(gate.asked).toHaveLength(1)
  })

  test('of one caller alone are never coded: their length would tell secrets beside what is reflected', async () => {
    const gate = setUp({ storesSetCookie: true })
    const headers = { 'accept-encoding': 'br' }
    const respond = (more: Readonly<Record<string, string>>) =>
      gate.answerWith(
        () => new Response('compressible '.repeat(100), { headers: { ...FRESH, ...more } }),
      )
    respond({})
    expect(
      (await gate.send({ headers, caller: 'a', tenantId: 't' })).get('content-encoding'),
    ).toBeNull()
    respond({ 'cache-control': 'public, max-age=60' })
    expect(
      (await gate.send({ target: '/1', headers: { ...headers, authorization: 'x' } })).get(
        'content-encoding',
      ),
    ).toBeNull()
    respond({ 'set-cookie': 'a=b' })
    expect((await gate.send({ target: '/2', headers })).get('content-encoding')).toBeNull()
    respond({ 'cache-control': 'private' })
    expect((await gate.send({ target: '/3', headers })).get('content-encoding')).toBeNull()
    respond({ 'cache-control': 'max-age=60, no-transform' })
    expect((await gate.send({ target: '/4', headers })).get('content-encoding')).toBeNull()
    respond({ 'cache-control': 'max-age=0' })
    expect((await gate.send({ target: '/5', headers })).get('content-encoding')).toBe('br')
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
