import { describe, expect, test } from 'bun:test'
import { FRESH, setUp } from './rig.fixture.ts'

/** Bodies of responses: while they pass, at their bounds, and in the codings that clients like. */

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

  test('are outdated by an answer that may not be stored, coded meanwhile or not', async () => {
    const gate = setUp()
    const arrival = Promise.withResolvers<Response>()
    gate.answerWith(({ times }) =>
      times === 1
        ? new Response('compressible '.repeat(100), { headers: FRESH })
        : arrival.promise.then((response) => response.clone()),
    )
    await gate.send()
    const asking = gate.send({ headers: { 'cache-control': 'no-cache' } })
    const coded = await gate.send({ headers: { 'accept-encoding': 'br' } })
    expect(coded.get('content-encoding')).toBe('br')
    arrival.resolve(new Response('gone', { headers: { 'cache-control': 'no-store' } }))
    expect((await asking).body).toBe('gone')
    expect((await gate.send()).body).toBe('gone')
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
