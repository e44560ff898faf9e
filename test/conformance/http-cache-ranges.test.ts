import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Lines, Step } from './http-cache-script.fixture.ts'
import { FRESH, date, stagePlay, stale } from './http-cache-script.fixture.ts'

/** Ranges (RFC 9110 §14, RFC 9111 §3.3 and §3.4), through the whole gate. */

setDefaultTimeout(30_000)

const play = await stagePlay()
const TAGGED = ['ETag', '"a"'] as const
const CONTENT = '01234567890'
const ranged = (range: string, ...more: Lines): Step => ({ fields: [['Range', range], ...more] })

describe('of a whole that is stored', () => {
  test.each([
    ['bytes=0-1', 206, '01'],
    ['Bytes=0-1', 206, '01'],
    ['bytes=1-', 206, '1234567890'],
    ['bytes=-1', 206, '0'],
    ['bytes=-100', 206, CONTENT],
    ['bytes=5-100', 206, '567890'],
    ['bytes=11-', 416, ''],
    ['bytes=20-30', 416, ''],
    ['bytes=-0', 416, ''],
    ['bytes=3-1', 200, CONTENT],
    ['bytes=a-b', 200, CONTENT],
    ['bytes=', 200, CONTENT],
    ['bytes=0-0,2-3', 200, CONTENT],
    ['foo=0-1', 200, CONTENT],
  ] as const)('%s', async (range, status, body) => {
    const [, answer] = await play.run([{ says: { body: CONTENT, fields: [FRESH] } }, ranged(range)])
    expect([answer?.asked, answer?.status, answer?.body]).toEqual([undefined, status, body])
  })

  test('has the newer fields once it has been revalidated', async () => {
    const answers = await play.run([
      { says: { body: CONTENT, fields: [...stale(), TAGGED, ['A', '1']] } },
      { ...ranged('bytes=0-1'), says: { status: '304 No', fields: [FRESH, TAGGED, ['A', '2']] } },
      ranged('bytes=2-3'),
    ])
    expect(answers.slice(1).map(({ status, body }) => [status, body])).toEqual([
      [206, '01'],
      [206, '23'],
    ])
    expect(answers.slice(1).map(({ fields }) => fields.get('a'))).toEqual(['2', '2'])
    expect(answers[1]?.asked?.fields.get('if-none-match')).toBe('"a"')
  })
})

test.each(['416 Range', '400 Bad', '404 Not', '500 Error'])(
  'an answer of %s to a request for a range does not answer those for the whole',
  async (status) => {
    const answers = await play.run([
      { ...ranged('bytes=99-'), says: { status, fields: [FRESH, ['Content-Range', 'bytes */2']] } },
      { says: { fields: [FRESH] } },
      {},
    ])
    expect(answers.map((each) => [String(each.status), each.body])).toEqual([
      [status.slice(0, 3), 'n1'],
      ['200', 'n2'],
      ['200', 'n2'],
    ])
  },
)

test('a whole that answers a request for a range answers the others, too', async () => {
  const answers = await play.run([
    { ...ranged('bytes=0-0'), says: { body: CONTENT, fields: [FRESH] } },
    ranged('bytes=1-2'),
    {},
  ])
  expect(answers.slice(1).map(({ asked }) => asked)).toEqual([undefined, undefined])
  expect(answers.slice(1).map(({ body }) => body)).toEqual(['12', CONTENT])
})

/** Asks for a range, and has the origin answer with these bytes of ten. */
const part = (range: string, first: number, last: number, ...more: Lines): Step => ({
  ...ranged(range),
  says: {
    status: '206 Part',
    body: CONTENT.slice(first, last + 1),
    fields: [FRESH, ['Content-Range', `bytes ${first}-${last}/10`], ...more],
  },
})

describe('of a part that is stored', () => {
  test.each([
    ['bytes=-5', '56789'],
    ['bytes=5-9', '56789'],
    ['bytes=6-8', '678'],
    ['bytes=6-', '6789'],
    ['bytes=-1', '9'],
    ['bytes=9-20', '9'],
  ])('%s', async (range, body) => {
    const [, answer] = await play.run([part('bytes=-5', 5, 9), ranged(range)])
    expect([answer?.asked, answer?.status, answer?.body]).toEqual([undefined, 206, body])
  })

  test.each(['bytes=4-', 'bytes=-6', 'bytes=0-1'])('%s is asked for', async (range) => {
    const [, answer] = await play.run([part('bytes=-5', 5, 9), ranged(range)])
    expect(answer?.asked?.fields.get('range')).toBe(range)
  })
})

describe('the whole', () => {
  const validators: readonly Lines[] = [
    [TAGGED],
    [
      ['Last-Modified', date(-10_000)],
      ['Date', date(0)],
    ],
  ]

  test('is made of parts that share a strong validator', async () => {
    for (const validator of validators) {
      const [, , whole] = await play.run([
        part('bytes=0-4', 0, 4, ...validator),
        part('bytes=5-9', 5, 9, ...validator),
        {},
      ])
      expect([whole?.asked, whole?.status, whole?.body]).toEqual([undefined, 200, '0123456789'])
    }
  })

  test('is completed by asking for the rest', async () => {
    for (const validator of validators) {
      const answers = await play.run([
        part('bytes=0-4', 0, 4, ...validator),
        { ...part('', 5, 9, ...validator), fields: [] },
        {},
      ])
      expect(answers[1]?.asked?.fields.get('range')).toBe('bytes=5-')
      expect(answers[1]?.asked?.fields.get('if-range')).toBe(validator[0]?.[1] ?? '')
      expect(answers.slice(1).map(({ status, body }) => [status, body])).toEqual([
        [200, '0123456789'],
        [200, '0123456789'],
      ])
      expect(answers[2]?.asked).toBeUndefined()
    }
  })

  test('is a part that lacks nothing, whatever tells it from others', async () => {
    const answers = await play.run([part('bytes=0-', 0, 9), {}, ranged('bytes=2-3')])
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [206, '0123456789'],
      [200, '0123456789'],
      [206, '23'],
    ])
    expect(answers.map(({ asked }) => asked !== undefined)).toEqual([true, false, false])
  })

  test('is asked for where the beginning has no strong validator', async () => {
    for (const validator of [[], [['ETag', 'W/"a"']]] as const) {
      const [, answer] = await play.run([part('bytes=0-4', 0, 4, ...validator), {}])
      expect(answer?.asked?.fields.has('range')).toBe(false)
    }
  })
})
