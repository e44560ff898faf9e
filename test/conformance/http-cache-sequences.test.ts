import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Answered, Asking, Lines, Said, Step } from './http-cache-script.fixture.ts'
import { FRESH, control, date, stagePlay, stale } from './http-cache-script.fixture.ts'

/** What one exchange leaves behind for the next (RFC 9111, RFC 9110 §13), through the whole gate. */

setDefaultTimeout(30_000)

const play = await stagePlay()
const TAGGED = ['ETag', '"a"'] as const
const AGAIN: Step = {}
const STALE: Said = { fields: [...stale(), TAGGED] }
const SILENT: Said = { isSilent: true }
const fresh = (...more: Lines): Said => ({ fields: [FRESH, ...more] })

/** Status and body of each answer, and whether the origin was asked for it. */
const told = (answers: readonly Answered[]): readonly string[] =>
  answers.map(({ status, body, asked }) =>
    [status, body, asked === undefined ? 'stored' : 'asked']
      .filter((each) => each !== '')
      .join(' '),
  )

const inTurn = async (...steps: readonly Step[]): Promise<readonly string[]> =>
  told(await play.run(steps))

describe('what was stored, once it is stale and the origin has said something else,', () => {
  test.each([
    ['404 Not', []],
    ['410 Gone', []],
    ['301 Moved', []],
    ['200 OK', control('no-store')],
    ['200 OK', control('private')],
    ['200 OK', []],
  ] as const)('is not shown again after %s with %j', async (status, fields) => {
    const [, , last] = await play.run([
      { says: STALE },
      { says: { status, fields } },
      { says: SILENT },
    ])
    expect(last?.status).toBe(502)
  })

  test.each(['500 I', '502 B', '503 S', '504 T'])('outlives %s', async (status) => {
    const answers = await inTurn({ says: STALE }, { says: { status } }, { says: SILENT })
    expect(answers[2]).toBe('200 n1 asked')
  })

  test('is dropped by a 304 that forbids to store it, and shown to who asked', async () => {
    const forbids = { status: '304 No', fields: [...control('no-store'), TAGGED] }
    const answers = await play.run([{ says: STALE }, { says: forbids }, { says: fresh() }])
    expect(told(answers)).toEqual(['200 n1 asked', '200 n1 asked', '200 n3 asked'])
    expect(answers[2]?.asked?.fields.has('if-none-match')).toBe(false)
  })

  test('varies as its 304 says from then on', async () => {
    const varies = { status: '304 No', fields: [FRESH, TAGGED, ['Vary', 'Foo']] as const }
    const foo = (value: string): Asking => ({ fields: [['Foo', value]] })
    expect(
      await inTurn(
        { says: STALE },
        { says: varies, ...foo('1') },
        foo('1'),
        { says: fresh(['Vary', 'Foo']), ...foo('2') },
        foo('1'),
      ),
    ).toEqual(['200 n1 asked', '200 n1 asked', '200 n1 stored', '200 n3 asked', '200 n1 stored'])
  })
})

describe('which condition counts (RFC 9110 §13.2.2)', () => {
  const modified: Lines = [TAGGED, ['Last-Modified', date(-1000)]]
  const cases: readonly (readonly [name: string, fields: Lines, status: number])[] = [
    [
      'a tag that differs, before a date that would do',
      [
        ['If-None-Match', '"b"'],
        ['If-Modified-Since', date(0)],
      ],
      200,
    ],
    [
      'a tag that is the same, before a date that would not',
      [
        ['If-None-Match', '"a"'],
        ['If-Modified-Since', date(-5000)],
      ],
      304,
    ],
    ['no date that is none', [['If-Modified-Since', 'foo']], 200],
    [
      'no condition with a date in two lines',
      [
        ['If-Modified-Since', date(0)],
        ['If-Modified-Since', date(0)],
      ],
      200,
    ],
    [
      'a tag before a range',
      [
        ['Range', 'bytes=1-1'],
        ['If-None-Match', '"a"'],
      ],
      304,
    ],
    [
      'a range behind a tag that differs',
      [
        ['Range', 'bytes=1-1'],
        ['If-None-Match', '"b"'],
      ],
      206,
    ],
    [
      'a range if it is of the same',
      [
        ['Range', 'bytes=1-1'],
        ['If-Range', '"a"'],
      ],
      206,
    ],
    [
      'no range of another',
      [
        ['Range', 'bytes=1-1'],
        ['If-Range', '"b"'],
      ],
      200,
    ],
    [
      'no range by a weak tag',
      [
        ['Range', 'bytes=1-1'],
        ['If-Range', 'W/"a"'],
      ],
      200,
    ],
    [
      'no range by a later date',
      [
        ['Range', 'bytes=1-1'],
        ['If-Range', date(0)],
      ],
      200,
    ],
  ]
  test.each(cases)('%s', async (_name, fields, status) => {
    const answers = await play.run([{ says: fresh(...modified) }, { fields }])
    expect([answers[1]?.status, answers[1]?.asked]).toEqual([status, undefined])
  })

  test.each(['If-Match', 'If-Unmodified-Since'])('%s is for the origin', async (name) => {
    const value = name === 'If-Match' ? '"a"' : date(0)
    const [, answer] = await play.run([{ says: fresh(TAGGED) }, { fields: [[name, value]] }])
    expect(answer?.asked?.fields.get(name.toLowerCase())).toBe(value)
  })
})

describe('a request', () => {
  test('is for its own query alone', async () => {
    const path = play.page()
    play.says(path, fresh())
    const bodies: string[] = []
    for (const query of ['?a=1', '?a=2', '?a=1', '', '?a=1&b', '?b&a=1', '?A=1', '?a=1']) {
      bodies.push((await play.ask(path, { query })).body)
    }
    expect(bodies).toEqual(['n1', 'n2', 'n1', 'n3', 'n4', 'n5', 'n6', 'n1'])
  })

  test('may take what is stale, and nothing else (RFC 9111 §5.2.1.2, §5.2.1.7)', async () => {
    const wants = { fields: control('only-if-cached, max-stale=100') }
    expect(await inTurn({ says: STALE }, wants)).toEqual(['200 n1 asked', '200 n1 stored'])
    const strict = { fields: control('only-if-cached') }
    expect((await play.run([{ says: STALE }, strict]))[1]?.status).toBe(504)
  })

  test('with Cache-Control has no Pragma (RFC 9111 §5.4)', async () => {
    const both: Lines = [['Pragma', 'no-cache'], ...control('max-age=100')]
    expect(await play.second({ fields: [FRESH] }, [], both)).toBe('reused')
  })

  test('says no-cache in any of its lines', async () => {
    const lines = [...control('foo'), ...control('no-cache')]
    expect(await play.second({ fields: [FRESH] }, [], lines)).toBe('asked')
  })

  test.each(['OPTIONS', 'GET'])('by a safe method such as %s outdates nothing', async (method) => {
    const answers = await inTurn({ says: fresh() }, { method }, AGAIN)
    expect(answers[2]).toBe('200 n1 stored')
  })

  test('that changes something and gets no answer may have changed it', async () => {
    const change = { method: 'POST', body: 'x', says: SILENT }
    expect((await inTurn({ says: fresh() }, change, { says: fresh() }))[2]).toBe('200 n3 asked')
  })
})
