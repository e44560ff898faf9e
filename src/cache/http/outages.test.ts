import { describe, expect, test } from 'bun:test'
import { formatHttpDate } from './http-date.ts'
import type { Reply } from './rig.fixture.ts'
import { setUp } from './rig.fixture.ts'

/** While the origin is known to fail, what is stored stands in at once, and the origin is tried apart. */

const STALE_IF_ERROR = { 'cache-control': 'max-age=1, stale-if-error=600' }

/** Lets everything run that waits for nothing but its turn. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** An origin that holds every request until it is told what to say. */
function createHeldOrigin() {
  const held: ((reply: Reply) => void)[] = []
  return {
    held,
    ask: (): Promise<Reply> => new Promise((resolve) => held.push(resolve)),
  }
}

describe.each([
  ['gives no answer', (): Reply => 'down'],
  ['answers 503', (): Reply => new Response('no', { status: 503 })],
])('an origin that %s', (_, fails) => {
  test('is waited for once; then nobody waits, and tries are one at a time and ever rarer', async () => {
    const gate = setUp()
    gate.count(STALE_IF_ERROR)
    await gate.send()
    gate.clock.advance(2000)
    gate.answerWith(fails)
    expect((await gate.send()).body).toBe('n1')
    expect(gate.asked).toHaveLength(2)

    const { held, ask } = createHeldOrigin()
    gate.answerWith(ask)
    // Within the pause nobody asks.
    for (let at = 0; at < 5; at += 1) expect(gate.isSynchronous()).toBe(true)
    expect(held).toHaveLength(0)
    gate.clock.advance(1000)
    // Answered while the origin holds the one try there is.
    const answers = await Promise.all(Array.from({ length: 50 }, () => gate.send()))
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['n1']))
    expect(answers[0]?.get('cache-status')).toMatch(/hit; ttl=-\d+; detail=stale-if-error/)
    expect(held).toHaveLength(1)
    held[0]?.(fails())
    await settle()
    gate.clock.advance(1500)
    await gate.send()
    expect(held).toHaveLength(1)
    gate.clock.advance(500)
    await gate.send()
    expect(held).toHaveLength(2)
  })

  test('that answers again is asked like any other', async () => {
    const gate = setUp()
    gate.count(STALE_IF_ERROR)
    await gate.send()
    gate.clock.advance(2000)
    gate.answerWith(fails)
    await gate.send()
    gate.count(STALE_IF_ERROR)
    gate.clock.advance(1000)
    expect((await gate.send()).body).toBe('n1')
    await settle()
    expect((await gate.send()).body).toBe('n3')
    gate.clock.advance(2000)
    expect((await gate.send()).body).toBe('n4')
  })
})

test('an outage that nobody has seen for two minutes is none: the origin is asked before anybody gets what is stale', async () => {
  const gate = setUp()
  gate.count(STALE_IF_ERROR)
  await gate.send()
  gate.clock.advance(2000)
  gate.answerWith(() => 'down')
  await gate.send()
  gate.clock.advance(119_999)
  expect((await gate.send()).body).toBe('n1')
  expect(gate.asked.at(-1)?.inBackground).toBe(true)
  await settle()
  gate.clock.advance(120_000)
  gate.count(STALE_IF_ERROR)
  expect((await gate.send()).body).toBe('n4')
})

describe('a response that is past its lifetime when it comes', () => {
  /** Whole seconds, written once a second: Date may be nearly two seconds behind. */
  const late = (gate: ReturnType<typeof setUp>) => ({
    'cache-control': 'max-age=1',
    date: formatHttpDate(gate.clock.nowMs() - 1999),
  })

  test('stands in for silence, and answers nobody else', async () => {
    const gate = setUp()
    gate.clock.advance(999)
    gate.count(late(gate))
    expect((await gate.send()).get('cache-status')).toContain('stored')
    expect((await gate.send()).body).toBe('n2')
    gate.answerWith(() => 'down')
    const answer = await gate.send()
    expect(answer.body).toBe('n2')
    expect(answer.get('cache-status')).toMatch(/hit; ttl=-?\d+; detail=stale-if-error/)
  })

  test('takes the place of what was stored, which stood in till then', async () => {
    const gate = setUp()
    gate.count({ 'cache-control': 'max-age=1' })
    await gate.send()
    gate.clock.advance(1999)
    gate.count(late(gate))
    await gate.send()
    gate.answerWith(() => 'down')
    expect((await gate.send()).body).toBe('n2')
  })
})

test.each([
  ['HEAD', { method: 'HEAD' }, 0],
  ['a request for several ranges', { headers: { range: 'bytes=0-0,1-1' } }, 60_000],
])('an outage is over once the origin answers, if only %s', async (_, sent, laterMs) => {
  const gate = setUp()
  gate.count({ 'cache-control': 'max-age=1' })
  await gate.send()
  gate.clock.advance(2000)
  gate.answerWith(() => 'down')
  expect((await gate.send()).body).toBe('n1')
  // What it answers now is stored anew, or renews what is stored.
  gate.count({ 'cache-control': 'max-age=1', 'content-length': '2' })
  gate.clock.advance(laterMs)
  await gate.send(sent)
  gate.clock.advance(2000)
  const asked = gate.asked.length
  await gate.send()
  expect(gate.asked.slice(asked).map(({ inBackground }) => inBackground)).toEqual([false])
})

describe('what may not stand in', () => {
  test.each([
    'max-age=1, must-revalidate',
    'max-age=1, proxy-revalidate',
    's-maxage=1',
    'max-age=1, no-cache',
    'max-age=1, stale-if-error=600, must-revalidate',
  ])('%s: the origin is asked each time, and clients told that it is gone', async (control) => {
    const gate = setUp()
    gate.count({ 'cache-control': control, etag: '"a"' })
    await gate.send()
    gate.clock.advance(2000)
    gate.answerWith(() => 'down')
    for (let at = 0; at < 3; at += 1) expect((await gate.send()).body).toBe('disconnected')
    expect((await gate.send({ method: 'HEAD' })).body).toBe('disconnected')
    const waiting = await Promise.all(Array.from({ length: 3 }, () => gate.send()))
    expect(waiting.map(({ body }) => body)).toEqual(Array(3).fill('disconnected'))
    expect((await gate.send({ headers: { 'cache-control': 'max-stale' } })).body).toBe(
      'disconnected',
    )
    expect((await gate.send({ target: '/nothing-stored' })).body).toBe('down')
  })

  test('what is fresh, and was asked past by the client, is not what is missing', async () => {
    const gate = setUp()
    gate.count({ 'cache-control': 'max-age=60, must-revalidate', etag: '"a"' })
    await gate.send()
    gate.answerWith(() => 'down')
    expect((await gate.send({ headers: { 'cache-control': 'no-cache' } })).body).toBe('down')
    expect((await gate.send()).body).toBe('n1')
  })

  test('beyond its bound nothing does, and what was only silence stands in for no error', async () => {
    const gate = setUp()
    gate.count({ 'cache-control': 'max-age=1' })
    await gate.send()
    gate.clock.advance(2000)
    gate.answerWith(() => 'down')
    expect((await gate.send()).body).toBe('n1')
    gate.clock.advance(61_000)
    expect((await gate.send()).body).toBe('down')
    gate.answerWith(() => new Response('no', { status: 503 }))
    expect((await gate.send()).status).toBe(503)
  })
})
