import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Lines, Outcome } from './http-cache-script.fixture.ts'
import { FRESH, control, date, stagePlay } from './http-cache-script.fixture.ts'

/**
 * What of RFC 9111 and RFC 9213 decides how long a response is answered with, as an independent tester sees it:
 * bytes in, bytes out, the plainest configuration between.
 */

setDefaultTimeout(30_000)

const play = await stagePlay()
const TAGGED = ['ETag', '"a"'] as const

type Table = readonly (readonly [said: string, outcome: Outcome])[]
type FieldTable = readonly (readonly [name: string, fields: Lines, outcome: Outcome])[]

describe('a status, whatever it is (RFC 9111 §3)', () => {
  test.each([
    200, 201, 202, 203, 204, 205, 299, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408,
    410, 414, 418, 429, 451, 499, 500, 501, 502, 503, 504, 511, 599, 600, 999,
  ])('%d is stored with a lifetime, and not without', async (code) => {
    const status = `${code} Words`
    expect(await play.second({ status, fields: [FRESH] })).toBe('reused')
    for (const fields of [[], control('public'), [['Last-Modified', date(-100_000)]]] as const) {
      expect(await play.second({ status, fields })).not.toBe('reused')
    }
  })

  test.each([
    ['200 OK', 'max-age=3600, must-understand, no-store', 'reused'],
    ['299 Words', 'max-age=3600, must-understand', 'asked'],
    ['499 Words', 'max-age=3600, must-understand, no-store', 'asked'],
  ] as const)('%s with %s is %s (§5.2.2.3)', async (status, value, outcome) => {
    expect(await play.second({ status, fields: control(value) })).toBe(outcome)
  })
})

const CACHE_CONTROL: Table = [
  ['max-age=3600', 'reused'],
  ['MAX-Age=3600', 'reused'],
  ['max-age="3600"', 'reused'],
  ["max-age='3600'", 'asked'],
  ['max-age=3600, max-age=3600', 'reused'],
  ['max-age=1, max-age=3600', 'asked'],
  ['max-age=0', 'asked'],
  ['max-age=-1', 'asked'],
  ['max-age=3600.0', 'asked'],
  ['max-age=1e3', 'asked'],
  ['max-age = 3600', 'asked'],
  ['max-age =3600', 'asked'],
  ['max-age= 3600', 'asked'],
  ['max-age', 'asked'],
  ['max-age=', 'asked'],
  ['max-age=2147483647', 'reused'],
  ['max-age=2147483648', 'reused'],
  ['max-age=4294967296', 'reused'],
  ['max-age=9007199254740993', 'reused'],
  ['max-age=99999999999999999999999999999', 'reused'],
  ['max-age=003600', 'reused'],
  [',max-age=3600', 'reused'],
  ['foo,,max-age=3600, ,', 'reused'],
  ['foo="a, max-age=1", max-age=3600', 'reused'],
  ['foo="max-age=3600"', 'asked'],
  ['s-maxage=3600', 'reused'],
  ['s-maxage=3600, max-age=0', 'reused'],
  ['s-maxage=0, max-age=3600', 'asked'],
  ['S-MaxAge=3600', 'reused'],
  ['no-store', 'asked'],
  ['No-StoRe, max-age=3600', 'asked'],
  ['max-age=3600,\tno-store', 'asked'],
  ['max-age=3600, no-store=1', 'asked'],
  ['max-age=3600, no-store="a"', 'asked'],
  ['max-age=3600, no-cache', 'asked'],
  ['max-age=3600, PrIvAte', 'asked'],
  ['max-age=3600, private=foo', 'reused'],
  ['max-age=3600, private="foo"', 'reused'],
  ['max-age=3600, private=""', 'asked'],
  ['max-age=3600, private="foo bar"', 'asked'],
  ['max-age=3600, private;', 'asked'],
  ['max-age=3600, no-store; foo', 'asked'],
  ['max-age=3600, private="foo;bar"', 'asked'],
  ['max-age=3600, no-cache="foo bar"', 'asked'],
  ['max-age=3600, s-maxage=foo', 'asked'],
  ['max-age=3600, no-cache=foo', 'reused'],
  ['max-age=3600, must-revalidate', 'reused'],
  ['max-age=3600, proxy-revalidate', 'reused'],
  ['max-age=3600, immutable, no-transform', 'reused'],
  ['public, max-age=3600', 'reused'],
]

describe('Cache-Control (RFC 9111 §4.2.1, §5.2.2)', () => {
  test.each(CACHE_CONTROL)('%s', async (value, outcome) => {
    expect(await play.second({ fields: control(value) })).toBe(outcome)
  })

  test('in several lines is one list', async () => {
    const prohibited = [...control('max-age=3600'), ...control('no-store')]
    expect(await play.second({ fields: prohibited })).toBe('asked')
    const allowed = [...control('public'), ...control('max-age=3600')]
    expect(await play.second({ fields: allowed })).toBe('reused')
  })

  test.each(['no-cache', 'no-cache, max-age=3600', 'max-age=0', 'public'])(
    '%s with a validator is revalidated (§4.3)',
    async (value) => {
      const modified = ['Last-Modified', date(-1000)] as const
      for (const validator of [TAGGED, modified]) {
        const fields = [...control(value), validator]
        expect(await play.second({ fields })).toBe('validated')
      }
    },
  )

  test('Pragma in a response means nothing (§5.4)', async () => {
    expect(await play.second({ fields: [FRESH, ['Pragma', 'no-cache']] })).toBe('reused')
  })
})

const HOUR = date(3600)
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const [, DAY = '', MONTH = '', YEAR = '', TIME = ''] = /, (\d\d) (\w+) (\d+) (\S+)/.exec(HOUR) ?? []
const WEEKDAY = new Date(HOUR).getUTCDay()

const EXPIRES: FieldTable = [
  ['in the usual form', [['Expires', HOUR]], 'reused'],
  [
    'in that of RFC 850',
    [['Expires', `${DAYS[WEEKDAY]}, ${DAY}-${MONTH}-${YEAR.slice(2)} ${TIME} GMT`]],
    'reused',
  ],
  [
    'in that of asctime',
    [['Expires', `${HOUR.slice(0, 3)} ${MONTH} ${DAY.replace(/^0/, ' ')} ${TIME} ${YEAR}`]],
    'reused',
  ],
  ['in capitals', [['Expires', HOUR.toUpperCase()]], 'reused'],
  ['past', [['Expires', date(-3600)]], 'asked'],
  ['0', [['Expires', '0']], 'asked'],
  ['-1', [['Expires', '-1']], 'asked'],
  ['empty', [['Expires', '']], 'asked'],
  ['in UTC', [['Expires', HOUR.replace('GMT', 'UTC')]], 'asked'],
  ['in another zone', [['Expires', HOUR.replace('GMT', 'AEST')]], 'asked'],
  ['with a year of two digits', [['Expires', HOUR.replace(/ 20(\d\d) /, ' $1 ')]], 'asked'],
  ['with periods in the time', [['Expires', HOUR.replaceAll(':', '.')]], 'asked'],
  ['with two spaces', [['Expires', HOUR.replaceAll(' ', '  ')]], 'asked'],
  ['with dashes', [['Expires', HOUR.replace(/ (\w{3}) /, '-$1-')]], 'asked'],
  [
    'twice',
    [
      ['Expires', HOUR],
      ['Expires', HOUR],
    ],
    'asked',
  ],
  ['beyond 32 bits', [['Expires', 'Tue, 19 Jan 2038 14:14:08 GMT']], 'reused'],
  ['at the end of time', [['Expires', 'Fri, 31 Dec 9999 23:59:59 GMT']], 'reused'],
  ['past, beside max-age', [['Expires', date(-3600)], FRESH], 'reused'],
  ['ahead, beside max-age=0', [['Expires', HOUR], ...control('max-age=0')], 'asked'],
  ['past, beside s-maxage', [['Expires', date(-1)], ...control('s-maxage=100')], 'reused'],
  ['beside an unknown directive', [['Expires', HOUR], ...control('foo')], 'reused'],
  [
    'with a Date that is none',
    [
      ['Expires', HOUR],
      ['Date', 'foo'],
    ],
    'reused',
  ],
  [
    'that Date has reached',
    [
      ['Expires', date(0)],
      ['Date', date(0)],
    ],
    'asked',
  ],
  [
    'before Date',
    [
      ['Expires', HOUR],
      ['Date', date(7200)],
    ],
    'asked',
  ],
  [
    'after an old Date',
    [
      ['Expires', HOUR],
      ['Date', date(-7200)],
    ],
    'reused',
  ],
  [
    'past, after an old Date',
    [
      ['Expires', date(-3600)],
      ['Date', date(-7200)],
    ],
    'asked',
  ],
]

describe('Expires (RFC 9111 §5.3)', () => {
  test.each(EXPIRES)('%s', async (_name, fields, outcome) => {
    expect(await play.second({ fields })).toBe(outcome)
  })
})

const AGE: readonly (readonly [lines: readonly string[], outcome: Outcome])[] = [
  [['0'], 'reused'],
  [['1800'], 'reused'],
  [['3600'], 'asked'],
  [['007200'], 'asked'],
  [['2147483647'], 'asked'],
  [['2147483648'], 'asked'],
  [['2147483649'], 'asked'],
  [['99999999999999999999'], 'asked'],
  [['7200, 0'], 'asked'],
  [['7200', '0'], 'asked'],
  [['7200, abc'], 'asked'],
  [['0, 7200'], 'reused'],
  [['0', '7200'], 'reused'],
  [['abc, 7200'], 'reused'],
  [['abc'], 'reused'],
  [['7200a'], 'reused'],
  [['a7200'], 'reused'],
  [['7200;a=b'], 'reused'],
  [['-7200'], 'reused'],
  [['+7200'], 'reused'],
  [['7200.5'], 'reused'],
  [['"7200"'], 'reused'],
  [[''], 'reused'],
]

describe('Age and Date (RFC 9111 §4.2.3, §5.1)', () => {
  test.each(AGE)('Age %j', async (values, outcome) => {
    const lines = values.map((value) => ['Age', value] as const)
    const fields = [FRESH, ['Date', date(0)] as const, ...lines]
    expect(await play.second({ fields })).toBe(outcome)
  })

  test.each([
    [date(-7200), 'asked'],
    [date(7200), 'reused'],
    ['foo', 'reused'],
    ['', 'reused'],
  ] as const)('Date %s', async (value, outcome) => {
    expect(await play.second({ fields: [FRESH, ['Date', value]] })).toBe(outcome)
  })

  test('are told to clients', async () => {
    const [, reused] = await play.run([{ says: { fields: [FRESH, ['Age', '30']] } }, {}])
    expect(Number(reused?.fields.get('age'))).toBeGreaterThanOrEqual(30)
    expect(Date.parse(reused?.fields.get('date') ?? '')).not.toBeNaN()
  })
})

/** What a targeted field says beside a Cache-Control that says the contrary. */
const TARGETED: readonly (readonly [targeted: string, general: string, outcome: Outcome])[] = [
  ['max-age=3600', 'no-store', 'reused'],
  ['max-age=3600', 'private', 'reused'],
  ['max-age=3600', 'no-cache', 'reused'],
  ['max-age=3600', 'max-age=0', 'reused'],
  ['max-age=0', 'max-age=3600', 'asked'],
  ['no-store', 'max-age=3600', 'asked'],
  ['no-cache', 'max-age=3600', 'asked'],
  ['private', 'max-age=3600', 'asked'],
  ['max-age=3600, private', 'max-age=3600', 'asked'],
  ['max-age=3600, no-store', 'max-age=3600', 'asked'],
  ['max-age=3600, no-cache', 'max-age=3600', 'asked'],
  ['must-revalidate, max-age=3600', 'no-store', 'reused'],
  ['s-maxage=3600', 'no-store', 'reused'],
  ['max-age=0, s-maxage=3600', 'no-store', 'reused'],
  ['none', 'max-age=3600', 'asked'],
  ['max-age=3600, foo=bar', 'no-store', 'reused'],
  ['max-age=3600; foo=bar', 'no-store', 'reused'],
  ['max-age=3600;foo', 'no-store', 'reused'],
  ['foo="max-age=0", max-age=3600', 'no-store', 'reused'],
  ['max-age=0, max-age=3600', 'no-store', 'reused'],
  ['max-age=3600, max-age=0', 'max-age=3600', 'asked'],
  ['no-store=?0, max-age=3600', 'no-store', 'reused'],
  ['no-store=?1', 'max-age=3600', 'asked'],
  ['max-age=2147483648', 'no-store', 'reused'],
  ['max-age=999999999999999', 'no-store', 'reused'],
  // Malformed, or of the wrong type: as if it were not there.
  ['', 'max-age=3600', 'reused'],
  ['', 'no-store', 'asked'],
  ['&&&', 'max-age=3600', 'reused'],
  ['&&&', 'no-store', 'asked'],
  ['max-age=3600,', 'no-store', 'asked'],
  ['max-age=3600 no-store', 'max-age=3600', 'reused'],
  ['Max-Age=0', 'max-age=3600', 'reused'],
  ['max-age=9999999999999999', 'no-store', 'asked'],
  ['max-age="3600"', 'no-store', 'asked'],
  ['max-age=3600.5', 'no-store', 'asked'],
  ['max-age=-1', 'no-store', 'asked'],
  ['max-age', 'no-store', 'asked'],
]

describe('CDN-Cache-Control (RFC 9213 §2)', () => {
  test.each(TARGETED)('%j beside %j', async (targeted, general, outcome) => {
    const fields: Lines = [['CDN-Cache-Control', targeted], ...control(general)]
    expect(await play.second({ fields })).toBe(outcome)
  })

  const ALONE = ['CDN-Cache-Control', 'max-age=3600'] as const
  const cases: FieldTable = [
    ['alone', [ALONE], 'reused'],
    ['before Expires', [ALONE, ['Expires', date(-100)]], 'reused'],
    ['before Expires that is no date', [ALONE, ['Expires', '0']], 'reused'],
    [
      'stale, before Expires',
      [
        ['CDN-Cache-Control', 'max-age=0'],
        ['Expires', HOUR],
      ],
      'asked',
    ],
    [
      'with nothing on freshness',
      [
        ['CDN-Cache-Control', 'foo'],
        ['Expires', HOUR],
      ],
      'asked',
    ],
    ['in several lines', [ALONE, ['CDN-Cache-Control', 'no-store'], FRESH], 'asked'],
    ['against Age', [ALONE, ['Age', '4000'], ['Date', date(0)]], 'asked'],
    ['above Age', [ALONE, ['Age', '1800'], ['Date', date(0)]], 'reused'],
  ]
  test.each(cases)('%s', async (_name, fields, outcome) => {
    expect(await play.second({ fields })).toBe(outcome)
  })

  test('is passed on, for caches behind', async () => {
    const answers = await play.run([{ says: { fields: [ALONE] } }, {}])
    for (const { fields } of answers) expect(fields.get('cdn-cache-control')).toBe('max-age=3600')
  })
})
