import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ageOf } from './age.ts'
import { byteRange } from './byte-range.ts'
import { deltaSeconds, parseCacheControl } from './cache-control.ts'
import { chooseCoding, isCompressible } from './codings.ts'
import { parseContentRange, writeContentRange } from './content-range.ts'
import { requestDirectives, responseDirectives } from './directives.ts'
import { entityTags, isNamed } from './entity-tag.ts'
import { readFields } from './fields.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'
import { strongValidator } from './strong-validator.ts'
import { parseDictionary } from './structured-dictionary.ts'
import { surrogateKeys } from './surrogate-keys.ts'
import { favoriteLanguage, selectingValues, varyNames } from './vary.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const response = (...fields: [string, string][]) => responseDirectives(readFields(fields))

describe('Cache-Control (RFC 9111 §5.2)', () => {
  test('reads names in any case, arguments as tokens and as quoted strings', () => {
    const parsed = parseCacheControl('No-Store, MAX-age=3600 , x="a, \\"b\\" = c",y')
    expect([...parsed]).toEqual([
      ['no-store', [true]],
      ['max-age', ['3600']],
      ['x', ['a, "b" = c']],
      ['y', [true]],
    ])
  })

  test('finds no directive inside of a quoted string', () => {
    expect(response(['cache-control', 'ext="max-age=3600, no-store", max-age=1'])).toMatchObject({
      maxAgeS: 1,
      noStore: false,
    })
    expect(response(['cache-control', 'ext="no-store']).noStore).toBe(false)
  })

  test.each([
    ['max-age=3600', 3600],
    ['max-age="3600"', 3600],
    ['max-age=003600', 3600],
    ['max-age=99999999999', 2 ** 31],
    ['max-age=60, max-age=60', 60],
    // §4.2.1: invalid and contradicting lifetimes are taken for stale.
    ['max-age=60, max-age=30', 0],
    ["max-age='3600'", 0],
    ['max-age=-1', 0],
    ['max-age=3600.5', 0],
    ['max-age=a3600', 0],
    ['max-age =3600', 0],
    ['max-age= 3600', 0],
    ['max-age', 0],
    ['foo', undefined],
  ])('takes %p for a lifetime of %p seconds', (value, seconds) => {
    expect(response(['cache-control', value]).maxAgeS).toBe(seconds)
  })

  test('tells no-cache and private with field names from those without', () => {
    expect(response(['cache-control', 'no-cache="A, b", private="c"'])).toMatchObject({
      noCache: false,
      noCacheFields: ['a', 'b'],
      isPrivate: false,
      privateFields: ['c'],
    })
    expect(response(['cache-control', 'no-cache="a", no-cache']).noCache).toBe(true)
    expect(response(['cache-control', 'private=""']).isPrivate).toBe(true)
  })

  test('takes what is malformed for a prohibition, if that is its name, and for no permission', () => {
    for (const behind of [';', '; max-age=60', ' max-age=60', ' = 1', '@', '"x"']) {
      const read = (name: string) => response(['cache-control', `max-age=60, ${name}${behind}`])
      expect(read('no-store').noStore).toBe(true)
      expect(read('private').isPrivate).toBe(true)
      expect(read('No-Cache').noCache).toBe(true)
      expect(read('must-revalidate').mustRevalidate).toBe(true)
      expect(read('public').isPublic).toBe(false)
      expect(read('must-understand').mustUnderstand).toBe(false)
      expect(read('stale-if-error').staleIfErrorS).toBe(0)
      expect(read('no-stored')).toMatchObject({ noStore: false, maxAgeS: 60 })
      const asked = requestDirectives(readFields([['cache-control', `max-stale${behind}`]]))
      expect(asked.maxStaleS).toBe(0)
    }
  })

  test('reads requests, and Pragma only where there is no Cache-Control (§5.4)', () => {
    const read = (...fields: [string, string][]) => requestDirectives(readFields(fields))
    expect(read(['cache-control', 'max-stale, min-fresh=5, only-if-cached'])).toMatchObject({
      maxStaleS: Infinity,
      minFreshS: 5,
      onlyIfCached: true,
    })
    expect(read(['pragma', 'no-cache']).noCache).toBe(true)
    expect(read(['pragma', 'no-cache'], ['cache-control', 'max-age=1']).noCache).toBe(false)
    expect(read().noCache).toBe(false)
  })

  test('is parsed without throwing and in linear time, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        for (const argument of parseCacheControl(text).values()) argument.map(deltaSeconds)
        response(['cache-control', text], ['cdn-cache-control', text])
        requestDirectives(readFields([['cache-control', text]]))
      }),
    )
    for (const hostile of [',', '"', '\\"', '=', '" ,', 'a="', ' ', ';']) {
      const text = hostile.repeat(50_000)
      expect(parseCacheControl(text).size).toBeLessThan(3)
      parseDictionary(text)
      entityTags(text)
      varyNames(text)
      byteRange(text, 10)
      parseHttpDate(text, NOW_MS)
      chooseCoding(text, ['br'])
      isCompressible(text)
      surrogateKeys(readFields([['xkey', text]]))
      favoriteLanguage(text)
      selectingValues(
        ['foo', 'accept-language'],
        readFields([
          ['foo', text],
          ['accept-language', text],
        ]),
      )
    }
  })
})

describe('targeted fields (RFC 9213)', () => {
  test('says which field its directives are of', () => {
    expect(responseDirectives(readFields([['cdn-cache-control', 'max-age=5']])).source).toBe(
      'cdn-cache-control',
    )
  })

  test('CDN-Cache-Control replaces Cache-Control and Expires', () => {
    const found = response(['cdn-cache-control', 'max-age=600'], ['cache-control', 'no-store'])
    expect(found).toMatchObject({ source: 'cdn-cache-control', maxAgeS: 600, noStore: false })
  })

  test.each([
    ['empty', ''],
    ['not a structured field', 'max-age=10000, &&&&&'],
    ['a value of the wrong type', 'max-age="10000"'],
    ['a negative lifetime', 'max-age=-1'],
    ['a lifetime in decimals', 'max-age=1.5'],
    ['space before =', 'max-age =100'],
    ['space after =', 'max-age= 100'],
    ['a name in capitals', 'MaX-aGe=3600'],
    ['a trailing comma', 'max-age=1,'],
  ])('one that is %s is ignored', (_, value) => {
    const found = response(['cdn-cache-control', value], ['cache-control', 'max-age=5'])
    expect(found).toMatchObject({ source: 'cache-control', maxAgeS: 5 })
  })

  test('the one for this gate alone goes before the one for all', () => {
    const found = response(
      ['cdn-cache-control', 'max-age=1'],
      ['tollgate-cache-control', 'max-age=2'],
    )
    expect(found.maxAgeS).toBe(2)
  })

  test('knows all types of structured fields, with parameters, and lists', () => {
    const all = parseDictionary(
      'a=1;x=2, b=1.5, c="q\\"", d=tok/en, e=:YQ==:, f=?0, g=@1659578233, h=(1 "a";p b), i;y, j=%"f%c3%bc"',
    )
    expect([...(all ?? [])].map(([key, { type }]) => `${key} ${type}`)).toEqual([
      'a integer',
      'b decimal',
      'c string',
      'd token',
      'e bytes',
      'f boolean',
      'g date',
      'h list',
      'i boolean',
      'j display',
    ])
    for (const bad of [
      'A=1',
      'a=',
      'a=1 b',
      'a=1234567890123456',
      'a=1.1234',
      'a=(1',
      'a="',
      '=1',
    ]) {
      expect(parseDictionary(bad)).toBeUndefined()
    }
  })
})

describe('dates (RFC 9110 §5.6.7)', () => {
  test('are read in their three forms', () => {
    const ms = Date.UTC(1994, 10, 6, 8, 49, 37)
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      expect(parseHttpDate(text, NOW_MS)).toBe(ms)
    }
    expect(formatHttpDate(ms)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  })

  test('anything else is none', () => {
    for (const text of [
      '0',
      '',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 31 Feb 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT',
      '2026-01-01T00:00:00Z',
    ]) {
      expect(parseHttpDate(text, NOW_MS)).toBeUndefined()
    }
  })

  test('every date comes back as it went', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000), NOW_MS)).toBe(seconds * 1000)
      }),
    )
  })
})

test.each([
  ['30', 30],
  ['2147483649', 2 ** 31],
  ['99999999999999999999', 2 ** 31],
  // §5.1: the first of several counts, what is invalid is ignored.
  ['7200, 0', 7200],
  ['0, 7200', 0],
  ['abc', 0],
  ['-5', 0],
  ['7200.0', 0],
  ['7200;a=b', 0],
  [null, 0],
])('Age %p is %p seconds', (value, seconds) => {
  expect(ageOf(value)).toBe(seconds)
})

describe('entity tags (RFC 9110 §8.8.3)', () => {
  test('lists are taken apart at commas outside of quotes', () => {
    expect(entityTags('"a", W/"b,c" ,"", d')).toEqual(['"a"', 'W/"b,c"', '""', 'd'])
    expect(entityTags('"a"b, "c"')).toEqual(['"a"b', '"c"'])
  })

  test('If-None-Match compares weakly', () => {
    expect(isNamed('"x", W/"a"', '"a"')).toBe(true)
    expect(isNamed('"a"', 'W/"a"')).toBe(true)
    expect(isNamed('*', null)).toBe(true)
    expect(isNamed('"A"', '"a"')).toBe(false)
    expect(isNamed('a', '"a"')).toBe(false)
  })
})

test.each([
  ['bytes=0-1', { first: 0, last: 1 }],
  ['bytes=1-', { first: 1, last: 9 }],
  ['bytes=-3', { first: 7, last: 9 }],
  ['bytes=-30', { first: 0, last: 9 }],
  ['bytes=5-99', { first: 5, last: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=3-1', undefined],
  ['bytes=0-1,3-4', undefined],
  ['bytes=-', undefined],
  ['lines=0-1', undefined],
] as const)('Range %p of ten bytes (RFC 9110 §14.1.2)', (value, range) => {
  expect(byteRange(value, 10)).toEqual(range as never)
})

describe('Vary (RFC 9110 §12.5.5)', () => {
  test.each(['*', '*, *', ', *', '*, Foo', 'Foo, *', 'a b'])('%p matches nothing', (value) => {
    expect(varyNames(value)).toBe('*')
  })

  test('requests that mean the same select the same', () => {
    const same = (name: string, a: string, b: string): boolean => {
      const [one, two] = [a, b].map((value) => selectingValues([name], readFields([[name, value]])))
      return Bun.deepEquals(one, two)
    }
    expect(same('foo', '1,2', ' 1, 2 ')).toBe(true)
    expect(same('foo', '1,2', '2,1')).toBe(false)
    expect(same('foo', 'a', 'A')).toBe(false)
    expect(same('accept-language', 'en, de', ' dE ,EN')).toBe(true)
    expect(same('accept-encoding', 'gzip, br', 'br,gzip')).toBe(true)
    expect(same('accept-language', 'en, de;q=0.5', 'en, de;q=0.6')).toBe(false)
  })

  test('absent and empty are told apart from each other and from any value', () => {
    const [absent] = selectingValues(['foo'], readFields([]))
    const [empty] = selectingValues(['foo'], readFields([['foo', '']]))
    expect(absent).not.toBe(empty)
  })

  test('no credential stands in a key', () => {
    const secret = 'Bearer tg_live_secret'
    const values = selectingValues(['authorization'], readFields([['authorization', secret]]))
    expect(values.join()).not.toContain('secret')
  })

  test('the favorite language is the one with the greatest weight, if there is one', () => {
    expect(favoriteLanguage('fr;q=0.5, de;q=1.0')).toBe('de')
    expect(favoriteLanguage('fr, de')).toBeUndefined()
    expect(favoriteLanguage('*')).toBeUndefined()
    expect(favoriteLanguage('de;q=x')).toBeUndefined()
    expect(favoriteLanguage(null)).toBeUndefined()
  })
})

describe('Accept-Encoding (RFC 9110 §12.5.3)', () => {
  test.each([
    ['gzip, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['gzip;q=0, br;q=0', undefined],
    ['*', 'br'],
    ['*, br;q=0', 'zstd'],
    ['identity', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['x-gzip', 'gzip'],
    ['gzip;q=2', undefined],
    ['deflate', undefined],
    ['', undefined],
    [null, undefined],
  ])('%p chooses %p', (value, coding) => {
    expect(chooseCoding(value, ['br', 'zstd', 'gzip'])).toBe(coding as never)
  })

  test('only what becomes smaller is coded, and no event stream', () => {
    for (const type of [
      'text/html',
      'application/json; charset=utf-8',
      'application/problem+json',
      'image/svg+xml',
    ]) {
      expect(isCompressible(type)).toBe(true)
    }
    for (const type of [
      'image/png',
      'application/octet-stream',
      'text/event-stream',
      'font/woff2',
      null,
    ]) {
      expect(isCompressible(type)).toBe(false)
    }
  })
})

test('surrogate keys come from any of the fields; too many, or too long, are refused', () => {
  expect(
    surrogateKeys(
      readFields([
        ['surrogate-key', 'a b'],
        ['cache-tag', 'c,d , a'],
        ['xkey', 'e'],
      ]),
    ),
  ).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(surrogateKeys(readFields([['xkey', 'k'.repeat(257)]]))).toBeUndefined()
  const many = Array.from({ length: 129 }, (_, at) => `k${at}`).join(' ')
  expect(surrogateKeys(readFields([['xkey', many]]))).toBeUndefined()
})

test('Content-Range is read as it is written, and nothing else is (RFC 9110 §14.4)', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (first, more, rest) => {
      const range = { first, last: first + more, completeBytes: first + more + rest + 1 }
      expect(parseContentRange(writeContentRange(range))).toEqual(range)
    }),
  )
  const malformed = ['bytes 2-1/9', 'bytes 0-9/9', 'bytes=0-1/9', 'bytes 0-1/*', 'bytes */9', '']
  for (const value of malformed) expect(parseContentRange(value)).toBeUndefined()
})

test('what tells bytes apart is a strong tag, or a date that lies far enough back (RFC 9110 §8.8)', () => {
  const at = (second: string): string => `Thu, 01 Jan 2026 00:00:${second} GMT`
  const validator = (...fields: (readonly [string, string])[]): string | undefined =>
    strongValidator(readFields(fields), 0)
  expect(validator(['etag', '"a"'])).toBe('"a"')
  expect(validator(['etag', 'W/"a"'], ['date', at('09')], ['last-modified', at('01')])).toBe(
    undefined,
  )
  expect(validator(['date', at('09')], ['last-modified', at('01')])).toBe(at('01'))
  expect(validator(['date', at('01')], ['last-modified', at('01')])).toBe(undefined)
  expect(validator(['last-modified', at('01')])).toBe(undefined)
})
