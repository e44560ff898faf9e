import { describe, expect, test } from 'bun:test'
import { T0, decide } from './decisions.fixture.ts'
import { requestDirectives } from './directives.ts'
import { readFields } from './fields.ts'
import { decideRecall } from './recall-decision.ts'
import type { Terms } from './terms.ts'

/** What is done with a request, given what is stored for it. */

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
