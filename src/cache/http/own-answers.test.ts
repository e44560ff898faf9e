import { describe, expect, test } from 'bun:test'
import type { Ask, Sent } from './rig.fixture.ts'
import { FRESH, setUp } from './rig.fixture.ts'

/** What one caller is told, and nobody else may be, changes nothing for everybody else. */

const KNOWN = { authorization: 'Basic bWFkZTp1cA==', 'cache-control': 'no-cache' }

/** What an origin says the second time, when it is asked with credentials. */
const ANSWERS: readonly (readonly [string, () => Response])[] = [
  ['that nothing has changed', () => new Response(null, { status: 304, headers: FRESH })],
  ['something else', () => new Response('for one', { headers: { ...FRESH, etag: '"b"' } })],
  ['what is private', () => new Response('for one', { headers: { 'cache-control': 'private' } })],
  [
    'what nobody may keep',
    () => new Response('for one', { headers: { 'cache-control': 'no-store, must-revalidate' } }),
  ],
  ['that there is nothing', () => new Response('none', { status: 404, headers: FRESH })],
]

function withStored(second: () => Response) {
  const gate = setUp()
  const answer: Ask = ({ times }) =>
    times === 1
      ? new Response('for all', { headers: { ...FRESH, etag: '"a"', 'content-length': '7' } })
      : second()
  gate.answerWith(answer)
  return gate
}

describe('with credentials that anybody can make up', () => {
  test.each(ANSWERS)('nothing is forgotten when the origin says %s', async (_, second) => {
    const gate = withStored(second)
    await gate.send()
    for (const method of ['GET', 'HEAD']) await gate.send({ method, headers: KNOWN })
    expect(gate.asked).toHaveLength(3)
    const after = await gate.send()
    expect([after.body, after.get('cache-status')]).toEqual(['for all', 'Tollgate; hit; ttl=60'])
  })

  test('what they may share replaces what is stored', async () => {
    const headers = { 'cache-control': 'public, max-age=60' }
    const gate = withStored(() => new Response('newer', { headers }))
    await gate.send()
    await gate.send({ headers: KNOWN })
    expect((await gate.send()).body).toBe('newer')
    expect(gate.asked).toHaveLength(2)
  })
})

describe('what is outdated is forgotten', () => {
  const second = () => new Response('newer', { headers: { 'cache-control': 'private' } })
  test.each<readonly [string, Sent]>([
    ['everybody is told so', {}],
    ['the key holds who asks', { caller: 'ada' }],
  ])('where %s', async (_, sent) => {
    const gate = withStored(second)
    await gate.send(sent)
    await gate.send({ ...sent, headers: { 'cache-control': 'no-cache' } })
    expect((await gate.send(sent)).body).toBe('newer')
    expect(gate.asked).toHaveLength(3)
  })
})
