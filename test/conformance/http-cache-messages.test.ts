import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Asking, Lines, Step } from './http-cache-script.fixture.ts'
import { FRESH, control, date, stagePlay, stale } from './http-cache-script.fixture.ts'

/** What becomes of messages in store and on their way, through the whole gate. */

setDefaultTimeout(30_000)

const play = await stagePlay()
const TAGGED = ['ETag', '"a"'] as const
const AGAIN: Step = {}

describe('fields in store (RFC 9111 §3.1)', () => {
  test.each([
    'Keep-Alive',
    'Proxy-Authenticate',
    'Proxy-Authentication-Info',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Upgrade',
  ])('%s is not among them', async (name) => {
    const [, reused] = await play.run([{ says: { fields: [FRESH, [name, 'foo']] } }, AGAIN])
    expect([reused?.asked, reused?.fields.get(name.toLowerCase())]).toEqual([undefined, undefined])
  })

  test('those that Connection lists are not', async () => {
    const lines: Lines = [
      ['Connection', 'x-a, X-B'],
      ['X-A', '1'],
      ['X-B', '1'],
      ['X-C', '1'],
    ]
    const [, reused] = await play.run([{ says: { fields: [FRESH, ...lines] } }, AGAIN])
    const { fields } = reused ?? { fields: new Map<string, string>() }
    expect(['x-a', 'x-b', 'x-c'].map((name) => fields.get(name))).toEqual([
      undefined,
      undefined,
      '1',
    ])
  })

  test.each(['private', 'no-cache'])('those that %s names are for who asked', async (directive) => {
    const value = `max-age=3600, ${directive}="x-a, X-B", ${directive}=x-c`
    const lines: Lines = ['X-A', 'X-B', 'X-C', 'X-D'].map((name) => [name, '1'] as const)
    const answers = await play.run([{ says: { fields: [...control(value), ...lines] } }, AGAIN])
    const shown = answers.map(({ fields }) =>
      ['x-a', 'x-b', 'x-c', 'x-d'].filter((name) => fields.has(name)),
    )
    expect(shown).toEqual([['x-a', 'x-b', 'x-c', 'x-d'], ['x-d']])
  })

  test.each([
    'Test-Header',
    'Content-Foo',
    'Content-Location',
    'Content-MD5',
    'Content-Encoding',
    'Content-Range',
    'Content-Security-Policy',
    'Content-Type',
    'Clear-Site-Data',
    'Location',
    'Public-Key-Pins',
    'Set-Cookie2',
    'X-Frame-Options',
    'X-XSS-Protection',
    'Warning',
    'Via',
    'Retry-After',
    'Server-Timing',
    'Link',
    'Surrogate-Control',
    'Proxy-Status',
  ])('%s is, in all its lines', async (name) => {
    const fields = [FRESH, [name, 'foo'], [name, 'bar']] as const
    const answers = await play.run([{ says: { fields } }, AGAIN])
    expect(answers[1]?.asked).toBeUndefined()
    for (const answer of answers) expect(answer.fields.get(name.toLowerCase())).toBe('foo, bar')
  })

  test('Cache-Status keeps what caches before have said (RFC 9211 §2)', async () => {
    const answers = await play.run([
      { says: { fields: [...stale(), TAGGED, ['Cache-Status', 'Inner; hit']] } },
      { says: { status: '304 No', fields: [FRESH, TAGGED, ['Cache-Status', 'Inner; fwd=stale']] } },
      AGAIN,
    ])
    expect(answers.map(({ fields }) => fields.get('cache-status'))).toEqual([
      'Inner; hit, Tollgate; fwd=uri-miss; stored',
      'Inner; fwd=stale, Tollgate; fwd=stale; fwd-status=304; stored',
      expect.stringMatching(/^Inner; fwd=stale, Tollgate; hit; ttl=\d+$/),
    ])
  })
})

describe('an answer to what caches have nothing to do with', () => {
  const KEPT_BACK = ['tollgate-cache-control', 'surrogate-key', 'cache-tag', 'xkey']
  const fields: Lines = KEPT_BACK.map((name) => [name, 'max-age=3600'] as const)

  test.each([
    ['OPTIONS', [], 'method'],
    ['PROPFIND', [], 'method'],
    ['POST', [], 'method'],
    ['GET', [['If-Match', '"a"']], 'bypass'],
    ['GET', [['If-Unmodified-Since', date(0)]], 'bypass'],
    ['GET', [['Cache-Control', 'no-store']], 'request'],
  ] as const)(
    '%s with %j says so, and shows nothing that is for caches',
    async (method, sent, fwd) => {
      const path = play.page()
      play.says(path, { fields: [...fields, ['X', '1']] })
      const answer = await play.ask(path, { method, fields: sent })
      expect([...answer.fields.keys()].filter((name) => KEPT_BACK.includes(name))).toEqual([])
      expect([answer.fields.get('cache-status'), answer.fields.get('x'), answer.body]).toEqual([
        `Tollgate; fwd=${fwd}`,
        '1',
        'n1',
      ])
    },
  )
})

describe('a 304 (RFC 9111 §3.2, §4.3)', () => {
  const validators: Lines = [TAGGED, ['ETag', 'W/"a"'], ['Last-Modified', date(-10_000)]]

  test.each([
    ['Test-Header', 'a', 'b', 'b'],
    ['Content-Foo', 'a', 'b', 'b'],
    ['Content-Location', '/a', '/b', '/b'],
    ['Content-Type', 'text/plain', 'text/html', 'text/html'],
    ['Content-Security-Policy', 'a', 'b', 'b'],
    ['Expires', 'Fri, 01 Jan 2038 01:01:01 GMT', 'Sat, 02 Jan 2038 01:01:01 GMT', undefined],
    ['Set-Cookie2', 'a', 'b', 'b'],
    // What tells of bytes stays with the bytes.
    ['Content-Encoding', 'a', 'b', 'a'],
    ['Content-MD5', 'a', 'b', 'a'],
    ['Content-Digest', 'a', 'b', 'a'],
    ['Content-Range', 'a', 'b', 'a'],
    ['Content-Length', '2', '77', '2'],
  ] as const)('with %s', async (name, before, after, expected) => {
    const shown: string = expected ?? after
    for (const validator of validators) {
      const kept: Lines = [['X-Kept', '1'], validator]
      const old: Lines = name === 'Content-Length' ? [] : [[name, before]]
      const answers = await play.run([
        { says: { fields: [...stale(), ...old, ...kept] } },
        { says: { status: '304 No', fields: [FRESH, [name, after], validator] } },
        AGAIN,
      ])
      expect(answers.map(({ asked }) => asked !== undefined)).toEqual([true, true, false])
      for (const { status, body, fields } of answers.slice(1)) {
        expect([status, body, fields.get(name.toLowerCase())]).toEqual([200, 'n1', shown])
        expect(fields.get('x-kept')).toBe('1')
      }
    }
  })

  test('is asked for by all validators, and a 200 takes the place of what was stored', async () => {
    const modified = 'Wed, 01 Jan 2020 00:00:00 GMT'
    const answers = await play.run([
      { says: { fields: [...stale(), TAGGED, ['Last-Modified', modified]] } },
      { says: { fields: [FRESH, ['ETag', '"b"']] } },
      AGAIN,
    ])
    const asked = answers[1]?.asked?.fields
    expect([asked?.get('if-none-match'), asked?.get('if-modified-since')]).toEqual([
      '"a"',
      modified,
    ])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n2', 'n2'])
  })

  test.each([
    ['"a"', 304],
    ['W/"a"', 304],
    ['"b", "a"', 304],
    ['"b","a"', 304],
    ['"b"  ,   "a"', 304],
    ['*', 304],
    ['"b"', 200],
    ['a', 200],
  ])('answers If-None-Match: %s from what is stored', async (value, status) => {
    const [, answer] = await play.run([
      { says: { fields: [FRESH, TAGGED] } },
      { fields: [['If-None-Match', value]] },
    ])
    expect([answer?.asked, answer?.status]).toEqual([undefined, status])
    expect(answer?.fields.get('etag')).toBe('"a"')
  })

  test.each([
    [-5000, 304],
    [0, 304],
    [-5010, 200],
  ])('answers If-Modified-Since of %d s ago', async (seconds, status) => {
    const modified = date(-5000)
    const since = new Date(Date.parse(modified) + (seconds === 0 ? 60 : seconds + 5000) * 1000)
    for (const name of ['Last-Modified', 'Date']) {
      const [, answer] = await play.run([
        { says: { fields: [...control('max-age=90000'), [name, modified]] } },
        { fields: [['If-Modified-Since', since.toUTCString()]] },
      ])
      expect([answer?.asked, answer?.status]).toEqual([undefined, status])
    }
  })
})

describe('HEAD (RFC 9111 §4.3.5)', () => {
  test('is answered from what is stored for GET, not the other way round', async () => {
    const [, head] = await play.run([{ says: { fields: [FRESH, ['X', '1']] } }, { method: 'HEAD' }])
    const shown = [head?.asked, head?.body, head?.fields.get('content-length')]
    expect([...shown, head?.fields.get('x')]).toEqual([undefined, '', '2', '1'])
    const [, got] = await play.run([{ method: 'HEAD', says: { fields: [FRESH] } }, AGAIN])
    expect(got?.body).toBe('n2')
  })

  test('renews what it speaks of, and outdates what it contradicts', async () => {
    const before = { says: { fields: [...stale(), TAGGED, ['X', '1'] as const] } }
    const head = (tag: string): Step => ({
      method: 'HEAD',
      says: { fields: [FRESH, ['ETag', tag], ['X', '2']] },
    })
    const [, , renewed] = await play.run([before, head('"a"'), AGAIN])
    expect([renewed?.asked, renewed?.body, renewed?.fields.get('x')]).toEqual([
      undefined,
      'n1',
      '2',
    ])
    const [, , outdated] = await play.run([before, head('"b"'), AGAIN])
    expect([outdated?.body, outdated?.asked?.fields.get('if-none-match')]).toEqual([
      'n3',
      undefined,
    ])
  })
})

describe('HEAD while the origin fails (RFC 9111 §4.2.4, RFC 5861 §4)', () => {
  const outcome = async (value: string, says: Step['says']): Promise<readonly unknown[]> => {
    const head = { method: 'HEAD', says: says ?? {} }
    const [, answer] = await play.run([{ says: { fields: [...stale(value), ['X', '1']] } }, head])
    return [answer?.status, answer?.asked !== undefined, answer?.fields.get('x')]
  }

  test('is answered from what is stored where GET would be', async () => {
    const error = { status: '503 No' }
    const served = [200, true, '1']
    expect(await outcome('max-age=60', { isSilent: true })).toEqual(served)
    expect(await outcome('max-age=60, stale-if-error=600', { isSilent: true })).toEqual(served)
    expect(await outcome('max-age=60, stale-if-error=600', error)).toEqual(served)
    expect(await outcome('max-age=60', error)).toEqual([503, true, undefined])
    expect(await outcome('max-age=60, stale-if-error=5', error)).toEqual([503, true, undefined])
  })

  test('is not where staleness is forbidden', async () => {
    for (const value of ['must-revalidate', 'proxy-revalidate', 'no-cache']) {
      const fields = [...stale(`max-age=60, ${value}`), TAGGED]
      const [, answer] = await play.run([
        { says: { fields } },
        { method: 'HEAD', says: { isSilent: true } },
      ])
      expect(answer?.status).toBe(504)
    }
  })
})

describe('an unsafe method (RFC 9111 §4.4)', () => {
  const then = (method: string, status: string): readonly Step[] => [
    { says: { fields: [FRESH] } },
    { method, body: 'x', says: { status } },
    { says: { fields: [FRESH] } },
  ]

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'])(
    '%s outdates what is stored, unless it failed',
    async (method) => {
      for (const status of ['200 OK', '201 C', '204 N', '302 F', '303 S']) {
        expect((await play.run(then(method, status)))[2]?.body).toBe('n3')
      }
      for (const status of ['400 B', '404 N', '500 I', '503 S', '599 W']) {
        expect((await play.run(then(method, status)))[2]?.body).toBe('n1')
      }
    },
  )

  test.each(['Location', 'Content-Location'])('with %s outdates that as well', async (name) => {
    const [path, other] = [play.page(), play.page()]
    play.says(other, { fields: [FRESH] })
    const bodies: string[] = []
    // What the origin was asked by is its name for what the client knows by the gate's.
    const own = `http://${(await play.ask(path)).asked?.fields.get('host')}`
    for (const origin of ['', '.', own, 'http://other.example', '//other.example']) {
      await play.ask(other)
      play.says(path, { status: '201 C', fields: [[name, origin + other]] })
      await play.ask(path, { method: 'POST', body: 'x' })
      bodies.push((await play.ask(other)).body)
    }
    expect(bodies).toEqual(['n2', 'n3', 'n4', 'n4', 'n4'])
  })

  test('POST may bring what GET would (RFC 9110 §9.3.3)', async () => {
    const path = play.page()
    play.says(path, { fields: [FRESH, ['Content-Location', path]] })
    await play.ask(path, { method: 'POST', body: 'x' })
    expect((await play.ask(path)).body).toBe('n1')
    play.says(path, { fields: [FRESH] })
    await play.ask(path, { method: 'POST', body: 'x' })
    expect((await play.ask(path)).body).toBe('n3')
  })
})

describe('an origin that fails (RFC 9111 §4.2.4, RFC 5861 §4)', () => {
  test.each([500, 502, 503, 504])('with %d is stood in for by stale-if-error', async (code) => {
    const failing = { says: { status: `${code} Words` } }
    const stored = (value: string): Step => ({ says: { fields: stale(value) } })
    const [, inPlace] = await play.run([stored('max-age=60, stale-if-error=600'), failing])
    expect([inPlace?.status, inPlace?.body]).toEqual([200, 'n1'])
    for (const value of ['max-age=60', 'max-age=60, stale-if-error=5']) {
      expect((await play.run([stored(value), failing]))[1]?.status).toBe(code)
    }
  })

  test.each([404, 501, 599])('with %d is not', async (code) => {
    const [, answer] = await play.run([
      { says: { fields: stale('max-age=60, stale-if-error=600') } },
      { says: { status: `${code} Words` } },
    ])
    expect(answer?.status).toBe(code)
  })

  test.each([
    ['max-age=60', 200],
    ['max-age=60, stale-if-error=600', 200],
    ['max-age=60, must-revalidate', 504],
    ['max-age=60, proxy-revalidate', 504],
    ['max-age=60, no-cache', 504],
    ['s-maxage=60', 504],
    ['max-age=0, must-revalidate', 504],
    ['max-age=0, no-cache', 504],
  ])('by closing, where it had said %s', async (value, status) => {
    for (const validator of [[TAGGED], []]) {
      const [, ...answers] = await play.run([
        { says: { fields: [...stale(value), ...validator] } },
        { says: { isSilent: true } },
        { method: 'HEAD' },
        { fields: [['Range', 'bytes=0-0']] },
      ])
      const expected = status === 200 ? [200, 200, 206] : [504, 504, 504]
      expect(answers.map((answer) => answer.status)).toEqual(expected)
      expect(answers[0]?.asked).toBeDefined()
    }
  })

  test('by closing, where nothing was stored, is what 502 tells', async () => {
    for (const fields of [[], control('no-store'), control('private'), [TAGGED]] as const) {
      const [, answer] = await play.run([{ says: { fields } }, { says: { isSilent: true } }])
      expect(answer?.status).toBe(502)
    }
  })

  test('to be fresh is stood in for while it is asked (RFC 5861 §3)', async () => {
    const path = play.page()
    play.says(path, { fields: stale('max-age=60, stale-while-revalidate=600') })
    await play.ask(path)
    play.says(path, { fields: [FRESH] })
    const head = await play.ask(path, { method: 'HEAD' })
    expect([head.status, head.asked]).toEqual([200, undefined])
    expect((await play.ask(path)).body).toBe('n1')
    let { body } = await play.ask(path)
    while (body === 'n1') ({ body } = await play.ask(path))
    expect(body).toBe('n2')
    expect(play.seen(path).map(({ start }) => start.slice(0, 4))).toEqual(['GET ', 'GET '])
    const short = { says: { fields: stale('max-age=60, stale-while-revalidate=5') } }
    expect((await play.run([short, AGAIN]))[1]?.body).toBe('n2')
  })
})

describe('an interim answer (RFC 9110 §15.2)', () => {
  test.each([102, 103, 110, 199])(
    '%d goes ahead, and is no part of what is stored',
    async (code) => {
      const before = `HTTP/1.1 ${code} Words\r\nLink: </a>\r\nX-Early: 1\r\n\r\n`
      const says = { before: before + before, fields: [FRESH, ['X', '1'] as const] }
      const [first, then] = await play.run([{ says }, AGAIN])
      const early = first?.interim.map(({ start, fields }) => [start, fields.get('x-early')])
      expect(early?.map(([start]) => start?.slice(9, 12))).toEqual([String(code), String(code)])
      expect(early?.every(([, value]) => value === '1')).toBe(true)
      expect([then?.asked, then?.interim, then?.body]).toEqual([undefined, [], 'n1'])
      expect([then?.fields.get('x-early'), then?.fields.get('x')]).toEqual([undefined, '1'])
    },
  )

  test('goes ahead of what is not stored, whatever was asked', async () => {
    const says = { before: 'HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n' }
    const asks: readonly Asking[] = [
      { method: 'POST', body: 'x' },
      { method: 'HEAD' },
      { method: 'OPTIONS' },
      { fields: control('no-store') },
      { fields: [['Range', 'bytes=0-0']] },
    ]
    const path = play.page()
    play.says(path, says)
    for (const step of asks) expect((await play.ask(path, step)).interim).toHaveLength(1)
  })
})

describe('framing (RFC 9112 §6.3, §8)', () => {
  test('by the end of the connection is complete', async () => {
    const answers = await play.run([{ says: { closes: true, fields: [FRESH] } }, AGAIN])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n1'])
  })

  test.each([
    ['foo', 200],
    ['identity', 200],
    ['gzip', 502],
    ['gzip, chunked', 502],
    ['chunked, foo', 502],
  ])('with Transfer-Encoding: %s', async (coding, status) => {
    const fields = [FRESH, ['Transfer-Encoding', coding]] as const
    const answers = await play.run([{ says: { closes: true, fields } }, AGAIN])
    expect(answers[0]?.status).toBe(status)
    if (status !== 200) return
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n1'])
    expect(answers[1]?.fields.get('transfer-encoding')).toBeUndefined()
  })

  test('that breaks off is neither stored nor shown as whole (RFC 9111 §3.3)', async () => {
    const cut = { closes: true, fields: [FRESH, ['Content-Length', '10'] as const] }
    const [broken, whole] = await play.run([{ says: cut }, { says: { fields: [FRESH] } }])
    expect([broken?.status, whole?.asked !== undefined]).toEqual([502, true])
  })
})

test.each(['\xe9\xff', 'a\tb', 'x'.repeat(8000), '"', ',', ';;', '%00', '\x80'])(
  'a value like %j passes both ways and stays as it is',
  async (value) => {
    const answers = await play.run([
      { says: { fields: [FRESH, ['X', value]] }, fields: [['X', value]] },
      AGAIN,
    ])
    expect(answers[0]?.asked?.fields.get('x')).toBe(value)
    expect(answers.map(({ fields }) => fields.get('x'))).toEqual([value, value])
  },
)
