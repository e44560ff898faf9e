import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Answered, Lines, Said, Step } from './http-cache-script.fixture.ts'
import { FRESH, control, date, stagePlay, stale } from './http-cache-script.fixture.ts'

/** What newer answers make of those in store (RFC 9111 §4, §4.1, §4.3.4, §4.3.5), through the whole gate. */

setDefaultTimeout(30_000)

const play = await stagePlay()
const TAGGED = ['ETag', '"a"'] as const
const NOW: Lines = control('no-cache')
const fresh = (...more: Lines): Said => ({ fields: [FRESH, ...more] })
const notModified = (...more: Lines): Said => ({ status: '304 No', fields: [FRESH, ...more] })
const foo = (value: string): readonly [string, string] => ['Foo', value]
const bar = (value: string): readonly [string, string] => ['Bar', value]

const bodies = async (...steps: readonly Step[]): Promise<readonly string[]> =>
  (await play.run(steps)).map(({ body }) => body)

const isAsked = ({ asked }: Answered): boolean => asked !== undefined

describe('a fresh response that turns out to vary answers only what it was asked for', () => {
  test('by a 304', async () => {
    const answers = await play.run([
      { says: fresh(TAGGED), fields: [foo('1')] },
      { says: notModified(TAGGED, ['Vary', 'Foo']), fields: [...NOW, foo('1')] },
      { fields: [foo('1')] },
      { says: fresh(['Vary', 'Foo']), fields: [foo('2')] },
    ])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n1', 'n1', 'n3'])
    expect(answers.map(isAsked)).toEqual([true, true, false, true])
  })

  test('by a 304 that names one field more', async () => {
    const answers = await play.run([
      { says: fresh(TAGGED, ['Vary', 'Foo']), fields: [foo('1'), bar('1')] },
      {
        says: notModified(TAGGED, ['Vary', 'Foo, Bar']),
        fields: [...NOW, foo('1'), bar('1')],
      },
      { says: fresh(), fields: [foo('1'), bar('2')] },
    ])
    expect(answers.map(isAsked)).toEqual([true, true, true])
  })

  test('by a 200 to HEAD', async () => {
    const answers = await play.run([
      { says: fresh(TAGGED), fields: [foo('1')] },
      {
        method: 'HEAD',
        says: fresh(TAGGED, ['Vary', 'Foo']),
        fields: [...NOW, foo('1')],
      },
      { fields: [foo('1')] },
      { fields: [foo('2')] },
    ])
    expect(answers.map(isAsked)).toEqual([true, true, false, true])
  })

  test('by a newer 200', async () => {
    expect(
      await bodies(
        { says: fresh(), fields: [foo('1')] },
        { says: fresh(['Vary', 'Foo']), fields: [...NOW, foo('1')] },
        { fields: [foo('1')] },
        { fields: [foo('2')] },
      ),
    ).toEqual(['n1', 'n2', 'n2', 'n3'])
  })
})

describe('what a request selects and was found outdated is not shown again', () => {
  const part = (...more: Lines): Said => ({
    status: '206 Part',
    fields: [FRESH, ['Content-Range', 'bytes 0-1/10'], ...more],
    body: '01',
  })
  const RANGE = ['Range', 'bytes=0-1'] as const
  const other = ['ETag', '"b"'] as const

  test('a part without Vary, behind a whole with it', async () => {
    const answers = await play.run([
      { says: part(TAGGED), fields: [RANGE, foo('1')] },
      { says: fresh(other, ['Vary', 'Foo']), fields: [...NOW, foo('1')] },
      { says: part(['ETag', '"c"']), fields: [RANGE, foo('2')] },
    ])
    expect(answers.map(isAsked)).toEqual([true, true, true])
  })

  test('a part with Vary, behind one without it', async () => {
    const answers = await play.run([
      { says: part(TAGGED, ['Vary', 'Foo']), fields: [RANGE] },
      {
        says: {
          status: '206 Part',
          fields: [FRESH, other, ['Content-Range', 'bytes 2-3/10']],
          body: '23',
        },
        fields: [['Range', 'bytes=2-3']],
      },
      { says: part(other), fields: [RANGE] },
    ])
    expect(answers[2]?.asked).toBeDefined()
  })

  test('a part, by HEAD that tells of another tag', async () => {
    const answers = await play.run([
      { says: part(TAGGED), fields: [RANGE] },
      { method: 'HEAD', says: fresh(other) },
      { says: part(other), fields: [RANGE] },
    ])
    expect(answers[2]?.fields.get('etag')).toBe('"b"')
  })

  test.each([
    ['a HEAD that tells of another tag', { method: 'HEAD', says: fresh(['ETag', '"c"']) }],
    ['a 404 that is not stored', { says: { status: '404 Not', fields: control('no-store') } }],
  ] as const)('an older one, by %s for a newer one', async (_what, step) => {
    const plain: Step = {
      says: { fields: [FRESH, ['Date', date(0)], TAGGED] },
      fields: [foo('2')],
    }
    const answers = await play.run([
      { says: fresh(other, ['Vary', 'Foo'], ['Date', date(-9)]), fields: [foo('1')] },
      plain,
      { ...step, fields: [...NOW, foo('1')] },
      { says: fresh(), fields: [foo('1')] },
    ])
    expect(answers.map(isAsked)).toEqual([true, true, true, true])
  })
})

describe('of several that a request selects', () => {
  const varies = (age: number, name: string): Said => fresh(['Vary', name], ['Date', date(-age)])
  const both = [foo('1'), bar('1')]

  test('the one with the latest Date is used, whichever came first', async () => {
    const first: Step = { says: varies(5, 'Foo'), fields: [foo('1')] }
    const second: Step = { says: varies(50, 'Bar'), fields: [foo('2'), bar('1')] }
    expect(await bodies(first, second, { fields: both })).toEqual(['n1', 'n2', 'n1'])
    const older: Step = { says: varies(50, 'Foo'), fields: [foo('1')] }
    const newer: Step = { says: varies(5, 'Bar'), fields: [foo('2'), bar('1')] }
    expect(await bodies(older, newer, { fields: both })).toEqual(['n1', 'n2', 'n2'])
  })

  test('the one that has Vary goes before one that lacks it', async () => {
    const plain: Step = { says: fresh(), fields: [foo('2')] }
    expect(
      await bodies(
        { says: varies(10, 'Foo'), fields: [foo('1')] },
        plain,
        { fields: [foo('1')] },
        { fields: [foo('3')] },
      ),
    ).toEqual(['n1', 'n2', 'n1', 'n2'])
  })
})

describe('a 304 with the tag of something else', () => {
  const tagged = { fields: [...stale(), TAGGED, ['X', '1']] } satisfies Said
  const STALE: Said = { fields: [...tagged.fields, ['Last-Modified', date(-5000)]] }
  const other = notModified(['ETag', '"b"'], ['X', '2'])

  test('changes nothing, and all is asked for anew', async () => {
    const path = play.page()
    play.says(path, STALE)
    await play.ask(path)
    play.says(path, other)
    const insisted = await play.ask(path)
    expect([insisted.status, insisted.body, insisted.fields.get('x')]).toEqual([200, 'n1', '1'])
    const [, conditional, plain] = play.seen(path)
    expect(conditional?.fields.get('if-none-match')).toBe('"a"')
    expect(plain?.fields.has('if-none-match')).toBe(false)
    play.says(path, fresh(['ETag', '"b"']))
    const got = await play.ask(path)
    expect([got.status, got.body, got.fields.get('x')]).toEqual([200, 'n4', undefined])
  })

  test.each([
    ['a weak tag of the same', [['ETag', 'W/"a"']]],
    ['no tag', []],
  ] as const)('is not one with %s', async (_what, tags) => {
    const answers = await play.run([
      { says: STALE },
      { says: notModified(['X', '2'], ...tags) },
      {},
    ])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n1', 'n1'])
    expect(answers.map(({ fields }) => fields.get('x'))).toEqual(['1', '2', '2'])
    expect(answers.map(isAsked)).toEqual([true, true, false])
  })

  test('renews what has a tag alone, and keeps its tag: the origin was asked about nothing else', async () => {
    const answers = await play.run([{ says: tagged }, { says: other }, {}])
    expect(answers.map(({ body }) => body)).toEqual(['n1', 'n1', 'n1'])
    expect(answers.map(({ fields }) => fields.get('x'))).toEqual(['1', '2', '2'])
    expect(answers.map(({ fields }) => fields.get('etag'))).toEqual(['"a"', '"a"', '"a"'])
    expect(answers.map(isAsked)).toEqual([true, true, false])
  })

  test('is not one whose Last-Modified is the same', async () => {
    const modified = ['Last-Modified', date(-5000)] as const
    const answers = await play.run([
      { says: { fields: [...stale(), TAGGED, modified] } },
      { says: notModified(['ETag', '"b"'], modified) },
      {},
    ])
    expect(answers.map(isAsked)).toEqual([true, true, false])
    expect(answers[2]?.fields.get('etag')).toBe('"a"')
  })
})

test('HEAD is told that of what it asks for a part is stored (RFC 9211 §2.2)', async () => {
  const part: Said = {
    status: '206 Part',
    fields: [FRESH, TAGGED, ['Content-Range', 'bytes 0-1/10']],
    body: '01',
  }
  const answers = await play.run([
    { says: part, fields: [['Range', 'bytes=0-1']] },
    { method: 'HEAD', says: fresh(TAGGED) },
  ])
  expect(answers[1]?.fields.get('cache-status')).toContain('fwd=partial')
})
