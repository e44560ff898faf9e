import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import CachePolicy from 'http-cache-semantics'
import { decideStore } from '../../src/cache/http/store-decision.ts'
import type { StoreDecision } from '../../src/cache/http/store-decision.ts'
import { TARGETED_FIELDS } from '../../src/cache/http/directives.ts'
import { formatHttpDate } from '../../src/cache/http/http-date.ts'
import { readFields } from '../../src/cache/http/fields.ts'

/**
 * The judgment of responses against that of `http-cache-semantics`, on generated header fields. Where the
 * two differ on purpose, the difference is listed with its reason; any other fails.
 */

// Thousands of samples take their time on a busy machine.
setDefaultTimeout(60_000)

const NOW_MS = Date.UTC(2026, 0, 1)

interface Sample {
  readonly method: string
  readonly status: number
  readonly request: Readonly<Record<string, string>>
  readonly response: Readonly<Record<string, string>>
}

const directive = fc.oneof(
  fc.constantFrom('no-store', 'no-cache', 'private', 'public', 'must-revalidate'),
  fc.constantFrom('proxy-revalidate', 'must-understand', 'immutable', 'foo', 'bar="max-age=5"'),
  fc.integer({ min: 0, max: 1000 }).map((seconds) => `max-age=${seconds}`),
  fc.integer({ min: 0, max: 1000 }).map((seconds) => `s-maxage=${seconds}`),
  fc.integer({ min: 0, max: 1000 }).map((seconds) => `stale-while-revalidate=${seconds}`),
)
const nameOf = (text: string): string => text.split('=')[0] ?? ''
const cacheControl = fc
  .uniqueArray(directive, { maxLength: 4, selector: nameOf })
  .map((all) => all.join(', '))
const date = fc.integer({ min: -1000, max: 1000 }).map((s) => formatHttpDate(NOW_MS + s * 1000))
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const given = (fields: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

const samples: fc.Arbitrary<Sample> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT'),
  status: fc.constantFrom(200, 200, 203, 204, 206, 301, 302, 304, 404, 410, 500, 501, 503, 599),
  request: fc
    .record({
      authorization: option(fc.constant('Basic dTpw')),
      'cache-control': option(fc.constantFrom('no-store', 'no-cache', 'max-age=5')),
    })
    .map(given),
  response: fc
    .record({
      'cache-control': option(cacheControl),
      date: fc.constant(formatHttpDate(NOW_MS)),
      expires: option(fc.oneof(date, fc.constant('0'))),
      age: option(fc.integer({ min: 0, max: 500 }).map(String)),
      etag: option(fc.constant('"a"')),
      'set-cookie': option(fc.constant('a=b')),
      vary: option(fc.constantFrom('accept', '*')),
    })
    .map(given),
})

const ours = ({ method, status, request, response }: Sample): StoreDecision =>
  decideStore(
    {
      method,
      fields: readFields(Object.entries(request)),
      hasCredentials: request['authorization'] !== undefined,
      hasCookies: false,
      keyHoldsCaller: false,
    },
    { status, fields: readFields(Object.entries(response)) },
    { requestMs: NOW_MS, responseMs: NOW_MS },
    {
      targeted: TARGETED_FIELDS,
      honorsRequests: true,
      storesSetCookie: false,
      heuristicShare: 0,
      heuristicMaxMs: 0,
      disconnectedMs: 0,
    },
  )

/** The library's clock, stopped. */
class PolicyThen extends CachePolicy {
  now(): number {
    return NOW_MS
  }
}

const theirs = ({ method, status, request, response }: Sample): CachePolicy =>
  new PolicyThen(
    { method, url: '/', headers: request },
    { status, headers: response },
    { shared: true, cacheHeuristic: 0 },
  )

const says = (response: Sample['response'], name: string): boolean =>
  (response['cache-control'] ?? '').split(', ').some((each) => nameOf(each) === name)

/** What is not stored here though the library would: by the reason given. */
const STRICTER: Readonly<Record<string, string>> = {
  'no-freshness': 'heuristics are off, and a validator alone is no leave to store',
  'not-reusable': 'there is no use in what is stale at once and cannot be revalidated',
  'set-cookie': 'the library stores it and calls it stale',
  vary: 'the library stores it and calls it stale',
  'not-understood': 'the library does not know must-understand',
  method: 'the library stores answers to POST with a lifetime, by whatever URL',
}

/** What is stored here though the library would not. */
const LENIENT: readonly { readonly why: string; is(sample: Sample): boolean }[] = [
  {
    why: 'RFC 9111 §3: any final status may be stored with explicit freshness',
    is: ({ status }) =>
      ![200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501].includes(status),
  },
  {
    why: 'RFC 9111 §5.2.2.3: with must-understand, no-store is for those who do not know it',
    is: ({ response }) => says(response, 'must-understand') && says(response, 'no-store'),
  },
]

/** Where lifetimes differ. */
const LIFETIMES: readonly { readonly why: string; is(sample: Sample): boolean }[] = [
  {
    why: 'the library takes proxy-revalidate for a lifetime of 0; RFC 9111 §5.2.2.8 speaks of stale responses alone',
    is: ({ response }) => says(response, 'proxy-revalidate'),
  },
  {
    why: 'the library gives immutable without lifetime a day of its own',
    is: ({ response }) => says(response, 'immutable'),
  },
]

describe('judged like http-cache-semantics', () => {
  test('whether a response may be stored', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const own = ours(sample)
        const isTheirs = theirs(sample).storable()
        if (own.store === isTheirs) return true
        if (!own.store) return STRICTER[own.reason] !== undefined
        return LENIENT.some(({ is }) => is(sample))
      }),
      { numRuns: 1500 },
    )
  })

  test('how long what both store stays fresh', () => {
    let compared = 0
    const plain = samples.map((sample) => {
      const { 'set-cookie': _cookie, vary: _vary, ...response } = sample.response
      return Object.assign({}, sample, { method: 'GET', status: 200, request: {}, response })
    })
    fc.assert(
      fc.property(plain, (sample) => {
        const own = ours(sample)
        const policy = theirs(sample)
        if (!own.store || !policy.storable()) return true
        if (LIFETIMES.some(({ is }) => is(sample))) return true
        compared += 1
        const { lifetimeMs, ageMs, alwaysAsk } = own.terms
        const freshMs = alwaysAsk ? 0 : Math.max(0, lifetimeMs - ageMs)
        const theirsMs = Math.max(0, policy.maxAge() - policy.age()) * 1000
        return freshMs === theirsMs
      }),
      { numRuns: 1500 },
    )
    expect(compared).toBeGreaterThan(200)
  })
})

test('the differences are few, and each has its reason', () => {
  expect(Object.values(STRICTER).every((why) => why.length > 20)).toBe(true)
  expect([...LENIENT, ...LIFETIMES].every(({ why }) => why.length > 20)).toBe(true)
})
