import { describe, expect, test } from 'bun:test'
import { T0, DATE, FRESH, at, OPTIONS, plain, decide } from './decisions.fixture.ts'
import type { Field } from './fields.ts'
import { readFields } from './fields.ts'
import { decideStore } from './store-decision.ts'
import type { Terms } from './terms.ts'
import { currentAgeMs } from './terms.ts'

/** Which responses are stored, and on which terms. */

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
    [
      'no-cache and no lifetime with a status that has to say one',
      [
        ['cache-control', 'no-cache'],
        ['etag', '"a"'],
      ],
      { status: 302 },
      'no-freshness',
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

  test.each([
    [0, 999, 0],
    [-1, 0, 1000],
    [-1, 999, 1000],
    [1, 500, 0],
  ])(
    'Date %i s from the second that it comes %i ms into makes it %i ms old',
    (dateS, intoMs, ageMs) => {
      const responseMs = T0 + intoMs
      const head = { status: 200, fields: readFields([FRESH, ['date', at(dateS)]]) }
      const decision = decideStore(plain, head, { requestMs: responseMs, responseMs }, OPTIONS)
      if (!decision.store) throw new Error(decision.reason)
      expect(decision.terms.ageMs).toBe(ageMs)
    },
  )
})
