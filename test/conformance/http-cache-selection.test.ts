import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Lines, Outcome } from './http-cache-script.fixture.ts'
import { FRESH, control, date, stagePlay } from './http-cache-script.fixture.ts'

/** Which requests a stored response answers (RFC 9111 §4), through the whole gate. */

setDefaultTimeout(30_000)

const play = await stagePlay()

const VARY: readonly (readonly [vary: readonly string[], a: Lines, b: Lines, outcome: Outcome])[] =
  [
    [['*'], [], [], 'asked'],
    [['foo, *'], [], [], 'asked'],
    [['*, foo'], [], [], 'asked'],
    [['foo', '*'], [], [], 'asked'],
    [['*', 'foo'], [], [], 'asked'],
    [['*, *'], [], [], 'asked'],
    [[', *'], [], [], 'asked'],
    [[''], [], [], 'reused'],
    [['foo'], [], [], 'reused'],
    [['foo'], [['Foo', '1']], [['Foo', '1']], 'reused'],
    [['Foo'], [['foo', '1']], [['FOO', '1']], 'reused'],
    [['foo'], [['Foo', '1']], [['Foo', '2']], 'asked'],
    [['foo'], [['Foo', '1']], [], 'asked'],
    [['foo'], [], [['Foo', '1']], 'asked'],
    [['foo'], [], [['Foo', '']], 'asked'],
    // What Connection names the origin did not see (RFC 9110 §7.6.1).
    [
      ['foo'],
      [
        ['Foo', '1'],
        ['Connection', 'FOO'],
      ],
      [['Foo', '1']],
      'asked',
    ],
    [
      ['foo'],
      [
        ['Foo', '1'],
        ['Connection', 'foo'],
      ],
      [],
      'reused',
    ],
    [
      ['foo, bar'],
      [
        ['Foo', '1'],
        ['Bar', 'a'],
      ],
      [
        ['Bar', 'a'],
        ['Foo', '1'],
      ],
      'reused',
    ],
    [
      ['foo, bar'],
      [
        ['Foo', '1'],
        ['Bar', 'a'],
      ],
      [
        ['Bar', 'b'],
        ['Foo', '1'],
      ],
      'asked',
    ],
    [
      ['foo', 'bar'],
      [
        ['Foo', '1'],
        ['Bar', 'a'],
      ],
      [
        ['Bar', 'b'],
        ['Foo', '1'],
      ],
      'asked',
    ],
    [
      ['foo'],
      [['Foo', '1, 2']],
      [
        ['Foo', '1'],
        ['Foo', '2'],
      ],
      'reused',
    ],
    [['foo'], [['Foo', '1,2']], [['Foo', '1,  2']], 'reused'],
    [['foo'], [['Foo', '1']], [['Foo', '  1 ']], 'reused'],
    [['foo'], [['Foo', '1,2']], [['Foo', '2,1']], 'asked'],
    [
      ['Accept-Language'],
      [['Accept-Language', 'en, de']],
      [['Accept-Language', 'DE,en']],
      'reused',
    ],
    [['Accept-Language'], [['Accept-Language', 'en']], [['Accept-Language', 'de']], 'asked'],
    [['Accept-Encoding'], [['Accept-Encoding', 'gzip']], [['Accept-Encoding', 'br']], 'asked'],
    [['Origin'], [['Origin', 'https://a.example']], [['Origin', 'https://a.example']], 'reused'],
  ]

describe('Vary (RFC 9111 §4.1)', () => {
  test.each(VARY)('%j: %j, then %j', async (vary, first, then, outcome) => {
    const fields = [FRESH, ...vary.map((value) => ['Vary', value] as const)]
    expect(await play.second({ fields }, first, then)).toBe(outcome)
  })

  test('keeps several variants, each for its own requests', async () => {
    const says = { fields: [FRESH, ['Vary', 'foo'] as const] }
    const asks = ['1', '2', '1', '2', '3'].map((value) => ({
      says,
      fields: [['Foo', value] as const],
    }))
    const answers = await play.run(asks)
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n2', 'n1', 'n2', 'n3'])
  })
})

const aged = (age: number, value = 'max-age=3600'): Lines => [
  ...control(value),
  ['Age', String(age)],
  ['Date', date(0)],
]
const PAST = 3630

const REQUESTS: readonly (readonly [stored: Lines, asked: Lines, outcome: Outcome])[] = [
  [aged(1800), control('max-age=3600'), 'reused'],
  [aged(1800), control('max-age=100'), 'asked'],
  [aged(1800), control('max-age=0'), 'asked'],
  [aged(1800), control('max-age=foo'), 'asked'],
  [aged(1800), control('no-cache'), 'asked'],
  [aged(1800), control('no-store'), 'asked'],
  [aged(1800), control('min-fresh=1000'), 'reused'],
  [aged(1800), control('min-fresh=2000'), 'asked'],
  [aged(1800), control('only-if-cached'), 'reused'],
  [aged(1800), control('foo'), 'reused'],
  [aged(PAST), [], 'asked'],
  [aged(PAST), control('max-stale'), 'reused'],
  [aged(PAST), control('max-stale=1000'), 'reused'],
  [aged(PAST), control('max-stale=10'), 'asked'],
  [aged(PAST), control('max-age=9000'), 'asked'],
  [aged(PAST, 'max-age=3600, must-revalidate'), control('max-stale'), 'asked'],
  [aged(PAST, 'max-age=3600, proxy-revalidate'), control('max-stale'), 'asked'],
  [aged(PAST, 's-maxage=3600'), control('max-stale'), 'asked'],
  [aged(1800), [['Pragma', 'no-cache']], 'asked'],
  [aged(1800), [['Pragma', 'foo']], 'reused'],
]

describe('Cache-Control of requests (RFC 9111 §5.2.1, §5.4)', () => {
  test.each(REQUESTS)('%j, then %j', async (fields, then, outcome) => {
    expect(await play.second({ fields }, [], then)).toBe(outcome)
  })

  test('only-if-cached where nothing is gets 504', async () => {
    const [answer] = await play.run([{ fields: control('only-if-cached') }])
    expect([answer?.status, answer?.asked]).toEqual([504, undefined])
  })

  test('no-store keeps nothing of the response (§5.2.1.5)', async () => {
    const says = { fields: [FRESH] }
    const answers = await play.run([{ says, fields: control('no-store') }, {}, {}])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n2', 'n2'])
  })

  test('no-store on HEAD neither renews nor outdates what is stored', async () => {
    const answers = await play.run([
      { says: { fields: [FRESH, ['X', '1']] } },
      { method: 'HEAD', fields: control('no-store'), says: { fields: [['X', '2']] } },
      {},
    ])
    expect(answers[1]?.asked).toBeDefined()
    expect([answers[2]?.body, answers[2]?.fields.get('x')]).toEqual(['n1', '1'])
  })
})

describe('Authorization (RFC 9111 §3.5)', () => {
  const known: Lines = [['Authorization', 'FOO']]
  test.each([
    ['max-age=3600', 'asked'],
    ['max-age=3600, proxy-revalidate', 'asked'],
    ['max-age=3600, public', 'reused'],
    ['max-age=3600, must-revalidate', 'reused'],
    ['s-maxage=3600', 'reused'],
  ] as const)('in a request that is answered with %s', async (value, outcome) => {
    expect(await play.second({ fields: control(value) }, known)).toBe(outcome)
  })

  test('may be answered with what anybody gets', async () => {
    expect(await play.second({ fields: [FRESH] }, [], known)).toBe('reused')
  })
})
