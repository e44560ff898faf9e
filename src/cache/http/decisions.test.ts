import { describe, expect, test } from 'bun:test'
import { answerFrom } from './answer.ts'
import { cacheStatus } from './cache-status.ts'
import { requestDirectives, TARGETED_FIELDS } from './directives.ts'
import type { Field } from './fields.ts'
import { readFields } from './fields.ts'
import { formatHttpDate } from './http-date.ts'
import { invalidatedBy, isUnsafe, standsForGet } from './invalidation.ts'
import { decideRecall } from './recall-decision.ts'
import { responseKey, surrogateName, urlName } from './resource-names.ts'
import type { AskedRequest, StoreOptions } from './store-decision.ts'
import { decideStore } from './store-decision.ts'
import type { StoredResponse } from './stored-response.ts'
import { conditionsOf, createStored, storableFields } from './stored-response.ts'
import type { Terms } from './terms.ts'
import { currentAgeMs } from './terms.ts'
import { describesStored, updatedFields } from './update.ts'
import { responseDirectives } from './directives.ts'

const T0 = Date.UTC(2026, 0, 1)
const TIMES = { requestMs: T0, responseMs: T0 }
const DATE: Field = ['date', formatHttpDate(T0)]
const at = (seconds: number): string => formatHttpDate(T0 + seconds * 1000)

const OPTIONS: StoreOptions = {
  targeted: TARGETED_FIELDS,
  storesSetCookie: false,
  heuristicShare: 0,
  heuristicMaxMs: 86_400_000,
  disconnectedMs: 60_000,
}

const plain: AskedRequest = {
  method: 'GET',
  fields: readFields([]),
  hasCredentials: false,
  hasCookies: false,
  keyHoldsCaller: false,
}

function decide(
  fields: readonly Field[],
  {
    status = 200,
    request = {},
    options = {},
  }: {
    readonly status?: number
    readonly request?: Partial<AskedRequest>
    readonly options?: Partial<StoreOptions>
  } = {},
): string | Terms {
  const head = { status, fields: readFields(fields) }
  const decision = decideStore({ ...plain, ...request }, head, TIMES, { ...OPTIONS, ...options })
  return decision.store ? decision.terms : decision.reason
}

const FRESH: Field = ['cache-control', 'max-age=60']

describe('what is stored (RFC 9111 §3)', () => {
  test.each([
    ['GET with a lifetime', [FRESH], {}, 'stored'],
    ['Expires after Date', [DATE, ['expires', at(60)]], {}, 'stored'],
    ['s-maxage', [['cache-control', 's-maxage=60']], {}, 'stored'],
    [
      'no-cache with a validator',
      [
        ['cache-control', 'no-cache'],
        ['etag', '"a"'],
      ],
      {},
      'stored',
    ],
    ['another method', [FRESH], { request: { method: 'POST' } }, 'method'],
    ['no-store', [['cache-control', 'max-age=60, no-store']], {}, 'no-store'],
    ['private', [['cache-control', 'private, max-age=60']], {}, 'private'],
    ['a cookie', [FRESH, ['set-cookie', 'a=b']], {}, 'set-cookie'],
    ['Vary: *', [FRESH, ['vary', 'a, *']], {}, 'vary'],
    ['Vary on what the gate writes', [FRESH, ['vary', 'X-Tollgate-User']], {}, 'vary-gate'],
    ['nothing about freshness', [DATE], {}, 'no-freshness'],
    ['a validator alone', [['etag', '"a"']], {}, 'no-freshness'],
    ['no-cache without validator', [['cache-control', 'no-cache']], {}, 'not-reusable'],
    ['stale from the start', [['cache-control', 'max-age=0']], {}, 'not-reusable'],
    ['partial content', [FRESH], { status: 206 }, 'partial'],
    ['an unknown status', [FRESH], { status: 999 }, 'stored'],
    ['an error with a lifetime', [FRESH], { status: 503 }, 'stored'],
  ] as const)('%s: %p', (_, fields, more, expected) => {
    const decision = decide(fields as readonly Field[], more)
    expect(typeof decision === 'string' ? decision : 'stored').toBe(expected)
  })

  test.each([
    ['max-age=60', 119, 'stored'],
    ['max-age=60', 120, 'not-reusable'],
    ['max-age=60, stale-if-error=90', 149, 'stored'],
    ['max-age=60, stale-while-revalidate=90', 149, 'stored'],
    ['max-age=60, must-revalidate', 60, 'not-reusable'],
    ['s-maxage=60', 60, 'not-reusable'],
    ['max-age=0', 1, 'not-reusable'],
  ])('%s, %i seconds old when it comes, is %s: it may stand in, or not', (control, ageS, is) => {
    const decision = decide([
      ['cache-control', control],
      ['age', String(ageS)],
    ])
    expect(typeof decision === 'string' ? decision : 'stored').toBe(is)
  })

  test('a request that says no-store has its response not stored', () => {
    const fields = readFields([['cache-control', 'no-store']])
    expect(decide([FRESH], { request: { fields } })).toBe('request-no-store')
  })

  test('must-understand overrides no-store for statuses that are known, and forbids the others', () => {
    const fields: Field[] = [['cache-control', 'max-age=60, no-store, must-understand']]
    expect(decide(fields)).toMatchObject({ lifetimeMs: 60_000 })
    expect(decide(fields, { status: 599 })).toBe('not-understood')
    expect(decide([['cache-control', 'max-age=60, must-understand']], { status: 599 })).toBe(
      'not-understood',
    )
  })

  test('with credentials only what says that it may be shared, unless the key holds the caller (§3.5)', () => {
    const request = { hasCredentials: true }
    expect(decide([FRESH], { request })).toBe('credentials')
    for (const word of ['public', 's-maxage=60', 'must-revalidate']) {
      expect(decide([['cache-control', `max-age=60, ${word}`]], { request })).toBeObject()
    }
    expect(decide([FRESH], { request: { ...request, keyHoldsCaller: true } })).toBeObject()
    expect(
      decide([['cache-control', 'private, max-age=60']], {
        request: { ...request, keyHoldsCaller: true },
      }),
    ).toBe('private')
  })

  test('with cookies that the upstream saw, must-revalidate is not enough', () => {
    const request = { hasCookies: true }
    expect(decide([['cache-control', 'max-age=60, must-revalidate']], { request })).toBe('cookie')
    expect(decide([['cache-control', 'max-age=60, public']], { request })).toBeObject()
  })

  test('heuristics are off unless asked for, and bounded (§4.2.2)', () => {
    const fields: Field[] = [DATE, ['last-modified', at(-1000)]]
    expect(decide(fields)).toBe('no-freshness')
    const options = { heuristicShare: 0.1 }
    expect(decide(fields, { options })).toMatchObject({ lifetimeMs: 100_000 })
    expect(decide(fields, { options: { ...options, heuristicMaxMs: 5000 } })).toMatchObject({
      lifetimeMs: 5000,
    })
    expect(decide(fields, { options, status: 403 })).toBe('no-freshness')
    expect(
      decide([...fields, ['cache-control', 'public']], { options, status: 599 }),
    ).toMatchObject({ lifetimeMs: 100_000 })
  })
})

describe('freshness (RFC 9111 §4.2)', () => {
  const terms = (...fields: Field[]): Terms => {
    const decision = decide([['etag', '"a"'], ...fields])
    if (typeof decision === 'string') throw new Error(decision)
    return decision
  }

  test('s-maxage goes before max-age, and max-age before Expires', () => {
    expect(terms(['cache-control', 'max-age=1, s-maxage=9']).lifetimeMs).toBe(9000)
    expect(terms(['cache-control', 'max-age=5'], DATE, ['expires', at(90)]).lifetimeMs).toBe(5000)
    expect(terms(DATE, ['expires', at(90)]).lifetimeMs).toBe(90_000)
  })

  test('Expires that cannot be read, or lies before Date, is past', () => {
    expect(terms(DATE, ['expires', '0']).lifetimeMs).toBe(0)
    expect(terms(['date', at(400)], ['expires', at(300)]).lifetimeMs).toBe(0)
  })

  test('without a Date that can be read, that of the arrival counts', () => {
    expect(terms(['date', 'foo'], ['expires', at(10)]).lifetimeMs).toBe(10_000)
  })

  test('a targeted field makes Expires count no more', () => {
    const found = decide([
      ['cdn-cache-control', 'public'],
      DATE,
      ['expires', at(90)],
      ['etag', '"a"'],
    ])
    expect(found).toMatchObject({ lifetimeMs: 0 })
  })

  test('age is the larger of Age and what Date tells, with the delay added to Age (§4.2.3)', () => {
    const late = { requestMs: T0 - 3000, responseMs: T0 }
    const head = { status: 200, fields: readFields([FRESH, ['date', at(-5)], ['age', '4']]) }
    const decision = decideStore(plain, head, late, OPTIONS)
    if (!decision.store) throw new Error(decision.reason)
    expect(decision.terms.ageMs).toBe(7000)
    expect(currentAgeMs(decision.terms, T0 + 2000)).toBe(9000)
    expect(currentAgeMs(decision.terms, T0 - 90_000)).toBe(7000)
  })
})

describe('what is done with a request (RFC 9111 §4, RFC 5861)', () => {
  const stored = (cacheControl: string): Terms => {
    const decision = decide([
      ['cache-control', cacheControl],
      ['etag', '"a"'],
    ])
    if (typeof decision === 'string') throw new Error(decision)
    return decision
  }
  const action = (cacheControl: string, afterS: number, request = ''): string => {
    const asked = requestDirectives(readFields(request === '' ? [] : [['cache-control', request]]))
    const terms = cacheControl === '' ? undefined : stored(cacheControl)
    const found = decideRecall(asked, terms, T0 + afterS * 1000)
    if (found.kind !== 'revalidate') return found.kind
    const { mayReplaceError, mayReplaceSilence } = found
    return `revalidate ${mayReplaceError ? 'error' : '-'} ${mayReplaceSilence ? 'silence' : '-'}`
  }

  test.each([
    ['max-age=60', 59, '', 'serve'],
    ['max-age=60', 60, '', 'revalidate - silence'],
    ['max-age=60', 121, '', 'revalidate - -'],
    ['max-age=60, no-cache', 0, '', 'revalidate - -'],
    ['max-age=60, must-revalidate', 61, '', 'revalidate - -'],
    ['max-age=60, proxy-revalidate', 61, '', 'revalidate - -'],
    ['s-maxage=60', 61, '', 'revalidate - -'],
    // RFC 5861.
    ['max-age=60, stale-while-revalidate=30', 89, '', 'serve-and-refresh'],
    ['max-age=60, stale-while-revalidate=30', 90, '', 'revalidate - silence'],
    ['max-age=60, stale-while-revalidate=30, must-revalidate', 61, '', 'revalidate - -'],
    ['s-maxage=60, stale-while-revalidate=30', 61, '', 'serve-and-refresh'],
    ['max-age=60, stale-if-error=30', 89, '', 'revalidate error silence'],
    ['max-age=60', 61, 'stale-if-error=30', 'revalidate error silence'],
    ['max-age=60, must-revalidate', 61, 'stale-if-error=30', 'revalidate - -'],
    // §5.2.1, by the request.
    ['max-age=60', 10, 'no-cache', 'revalidate - -'],
    ['max-age=60', 0, 'max-age=0', 'revalidate - silence'],
    ['max-age=60', 10, 'max-age=9', 'revalidate - silence'],
    ['max-age=60', 10, 'max-age=10', 'serve'],
    ['max-age=60', 10, 'min-fresh=50', 'serve'],
    ['max-age=60', 11, 'min-fresh=50', 'revalidate - silence'],
    ['max-age=60', 99, 'max-stale=39', 'serve'],
    ['max-age=60', 100, 'max-stale=39', 'revalidate - silence'],
    ['max-age=60', 9999, 'max-stale', 'serve'],
    ['max-age=60, must-revalidate', 61, 'max-stale', 'revalidate - -'],
    ['max-age=60', 10, 'no-store', 'forward'],
    ['max-age=60', 10, 'only-if-cached', 'serve'],
    ['max-age=60', 61, 'only-if-cached', 'unsatisfiable'],
    ['', 0, 'only-if-cached', 'unsatisfiable'],
    ['', 0, '', 'forward'],
  ])('stored %p, %p s later, asked %p: %s', (cacheControl, afterS, request, expected) => {
    expect(action(cacheControl, afterS, request)).toBe(expected)
  })
})

function storedOf(
  fields: readonly Field[],
  body: string | Uint8Array = '0123456789',
  status = 200,
): StoredResponse {
  const head = { status, fields: readFields(fields) }
  const decision = decideStore(plain, head, TIMES, OPTIONS)
  if (!decision.store) throw new Error(decision.reason)
  const kept = storableFields(fields, decision.directives, new Set())
  return createStored(
    {
      status,
      fields: kept,
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      terms: decision.terms,
      varyNames: decision.varyNames,
      selecting: [],
      surrogates: [],
      mayCode: false,
      makesTag: true,
    },
    TIMES,
  )
}

function answer(
  stored: StoredResponse,
  fields: readonly Field[] = [],
  method = 'GET',
): { status: number; body: string | null; get: (name: string) => string | null } {
  const made = answerFrom({ method, fields: readFields(fields) }, stored, T0 + 7900)
  const { body } = made
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : null
  return { status: made.status, body: text, get: (name) => made.get(name) }
}

describe('answers from what is stored', () => {
  test('carry Age, the Date of the origin, and nothing of one connection (§3.1, §5.1)', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['age', '30'],
      ['connection', 'a, b'],
      ['a', '1'],
      ['c', '3'],
      ['keep-alive', 'x'],
      ['proxy-authenticate', 'x'],
      ['te', 'x'],
      ['upgrade', 'x'],
      ['transfer-encoding', 'chunked'],
    ])
    const made = answer(stored)
    expect(made.get('age')).toBe('37')
    expect(made.get('date')).toBe(DATE[1])
    expect(made.get('c')).toBe('3')
    for (const name of [
      'connection',
      'a',
      'keep-alive',
      'proxy-authenticate',
      'te',
      'upgrade',
      'transfer-encoding',
    ]) {
      expect(made.get(name)).toBeNull()
    }
  })

  test('leave out the fields that no-cache and private name', () => {
    const fields: Field[] = [
      ['cache-control', 'max-age=60, no-cache="a", private="b"'],
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]
    const made = answer(storedOf(fields))
    expect([made.get('a'), made.get('b'), made.get('c')]).toEqual([null, null, '3'])
  })

  test('are 304 for a client that has it; If-None-Match goes before If-Modified-Since', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['etag', '"abc"'],
      ['last-modified', at(-100)],
      ['content-type', 'a/b'],
    ])
    const made = answer(stored, [
      ['if-none-match', '"x", W/"abc"'],
      ['if-modified-since', at(-500)],
    ])
    expect([made.status, made.body, made.get('etag'), made.get('content-type')]).toEqual([
      304,
      null,
      '"abc"',
      null,
    ])
    expect(
      answer(stored, [
        ['if-none-match', '"x"'],
        ['if-modified-since', at(0)],
      ]).status,
    ).toBe(200)
    expect(answer(stored, [['if-modified-since', at(-100)]]).status).toBe(304)
    expect(answer(stored, [['if-modified-since', at(-101)]]).status).toBe(200)
    expect(answer(stored, [['if-modified-since', 'nonsense']]).status).toBe(200)
  })

  test('without Last-Modified, Date stands for it (§4.3.2)', () => {
    const stored = storedOf([FRESH, DATE])
    expect(answer(stored, [['if-modified-since', at(0)]]).status).toBe(304)
    expect(answer(stored, [['if-modified-since', at(-1)]]).status).toBe(200)
  })

  test('are parts for ranges, with If-Range judged strongly', () => {
    const stored = storedOf([FRESH, DATE, ['etag', '"abc"'], ['last-modified', at(-100)]])
    const part = answer(stored, [['range', 'bytes=2-4']])
    expect([part.status, part.body, part.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    expect(answer(stored, [['range', 'bytes=20-']]).status).toBe(416)
    expect(answer(stored, [['range', 'bytes=0-1,4-5']]).body).toBe('0123456789')
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', '"abc"'],
      ]).status,
    ).toBe(206)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', 'W/"abc"'],
      ]).status,
    ).toBe(200)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', at(-100)],
      ]).status,
    ).toBe(206)
    expect(
      answer(stored, [
        ['range', 'bytes=0-0'],
        ['if-range', at(-99)],
      ]).status,
    ).toBe(200)
    expect(answer(stored, [['range', 'bytes=0-0']], 'HEAD').status).toBe(200)
  })

  test('to HEAD have the length and no body', () => {
    const made = answer(storedOf([FRESH]), [], 'HEAD')
    expect([made.status, made.body, made.get('content-length')]).toEqual([200, null, '10'])
  })

  test('get a strong ETag made of their bytes where the origin gave none, never used to ask it', () => {
    const stored = storedOf([FRESH])
    const etag = answer(stored).get('etag') ?? ''
    expect(etag).toMatch(/^"t-[\w-]{27}"$/)
    expect(answer(stored, [['if-none-match', etag]]).status).toBe(304)
    expect(answer(storedOf([FRESH], 'other')).get('etag')).not.toBe(etag)
    expect(conditionsOf(stored)).toEqual([])
    expect(answer(storedOf([FRESH], 'x', 404)).get('etag')).toBeNull()
  })
})

test('what is stored keeps nothing else in memory', () => {
  const read = Buffer.alloc(65_536, 'x')
  const stored = storedOf([FRESH], read.subarray(100, 110))
  expect([stored.body.length, stored.body.buffer.byteLength]).toEqual([10, 10])
})

describe('renewal', () => {
  test('a 304 replaces fields, but not those that describe the stored bytes (§3.2)', () => {
    const stored = storedOf([
      FRESH,
      DATE,
      ['etag', '"a"'],
      ['x', '1'],
      ['y', '1'],
      ['content-encoding', 'br'],
    ])
    const fields = readFields(
      updatedFields(stored, [
        ['x', '2'],
        ['content-encoding', 'gzip'],
        ['content-length', '99'],
        ['content-range', 'bytes 0-1/2'],
        ['etag', '"other"'],
        ['content-type', 'text/html'],
        ['connection', 'z'],
        ['z', '9'],
      ]),
    )
    const names = ['x', 'y', 'content-encoding', 'content-range', 'etag', 'content-type', 'z']
    expect(names.map((name) => fields.get(name))).toEqual([
      '2',
      '1',
      'br',
      null,
      '"a"',
      'text/html',
      null,
    ])
  })

  test('a HEAD speaks of what is stored when no validator and no length differs (§4.3.5)', () => {
    const stored = storedOf([FRESH, ['etag', '"a"'], ['last-modified', at(-9)]])
    const same = (...fields: Field[]): boolean => describesStored(stored, readFields(fields))
    expect(same()).toBe(true)
    expect(same(['etag', '"a"'], ['content-length', '10'], ['last-modified', at(-9)])).toBe(true)
    expect(same(['etag', '"b"'])).toBe(false)
    expect(same(['content-length', '11'])).toBe(false)
    expect(same(['last-modified', at(-8)])).toBe(false)
  })

  test('conditions are made of the validators of the origin, as it wrote them', () => {
    expect(conditionsOf(storedOf([FRESH, ['etag', 'W/"a"'], ['last-modified', at(-9)]]))).toEqual([
      ['if-none-match', 'W/"a"'],
      ['if-modified-since', at(-9)],
    ])
    expect(conditionsOf(storedOf([FRESH, ['etag', 'abc']]))).toEqual([['if-none-match', 'abc']])
  })
})

describe('invalidation (RFC 9111 §4.4)', () => {
  const url = { host: 'a.test', target: '/x?y=1' }
  const hit = (method: string, status: number, ...fields: Field[]): string[] =>
    invalidatedBy(method, url, { status, fields: readFields(fields) }).map(({ target }) => target)

  test('an answer that is no error invalidates the URL, and Location and Content-Location of the same origin', () => {
    expect(hit('POST', 200)).toEqual(['/x?y=1'])
    expect(hit('DELETE', 302, ['location', '/z'], ['content-location', 'w?q=1'])).toEqual([
      '/x?y=1',
      '/z',
      '/w?q=1',
    ])
    expect(hit('PUT', 201, ['location', 'https://a.test:443/z'])).toEqual(['/x?y=1', '/z'])
    expect(
      hit('PUT', 201, ['location', 'http://b.test/z'], ['content-location', 'http://a.test:81/q']),
    ).toEqual(['/x?y=1'])
    expect(hit('PUT', 201, ['location', 'javascript:alert(1)'])).toEqual(['/x?y=1'])
    expect(hit('POST', 500)).toEqual([])
    expect(hit('POST', 404)).toEqual([])
    expect(hit('GET', 200)).toEqual([])
  })

  test('unknown methods may change something', () => {
    expect(['M-SEARCH', 'PURGE', 'FOO'].every(isUnsafe)).toBe(true)
    expect(['GET', 'HEAD', 'OPTIONS', 'PROPFIND'].some(isUnsafe)).toBe(false)
  })

  test('a POST stands for GET only where Content-Location is its own URL (RFC 9110 §9.3.3)', () => {
    const own = { status: 200, fields: readFields([['content-location', '/x?y=1']]) }
    expect(standsForGet('POST', url, own)).toBe(true)
    expect(standsForGet('PUT', url, own)).toBe(false)
    expect(
      standsForGet('POST', url, { ...own, fields: readFields([['content-location', '/x']]) }),
    ).toBe(false)
  })
})

describe('keys', () => {
  test('no two different requests share a key, whatever characters they hold', () => {
    const scope = (tenantId: string, caller: string) => ({ tenantId, caller })
    const keys = [
      responseKey('r', scope('a', 'b'), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('ab', ''), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('', 'ab'), 'http', { host: 'h', target: '/t' }),
      responseKey('r', scope('a', 'b'), 'https', { host: 'h', target: '/t' }),
      responseKey('r', scope('a', 'b'), 'http', { host: 'h2:/', target: 't' }),
      responseKey('r', scope('a1:b', ''), 'http', { host: 'h', target: '/t' }),
      responseKey('ra', scope('', 'b'), 'http', { host: 'h', target: '/t' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(urlName({ host: 'a', target: '1:b' })).not.toEqual(urlName({ host: 'a1', target: ':b' }))
    expect(surrogateName('x').name).not.toBe(urlName({ host: 'x', target: '' }).name)
    expect(urlName({ host: 'h', target: `/${'x'.repeat(5000)}` }).name.length).toBeLessThan(512)
  })
})

test('Cache-Status says what happened, behind the caches before (RFC 9211)', () => {
  expect(cacheStatus({ hit: true, ttlS: 37.9 })).toBe('Tollgate; hit; ttl=37')
  expect(
    cacheStatus(
      { hit: false, fwd: 'stale', fwdStatus: 304, stored: true, collapsed: true },
      'Origin; hit',
    ),
  ).toBe('Origin; hit, Tollgate; fwd=stale; fwd-status=304; stored; collapsed')
})

test('the directives that a response was judged by are those of the targeted field', () => {
  expect(responseDirectives(readFields([['cdn-cache-control', 'max-age=5']])).source).toBe(
    'cdn-cache-control',
  )
})
