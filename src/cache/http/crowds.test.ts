import { describe, expect, test } from 'bun:test'
import type { Reply } from './rig.fixture.ts'
import { FRESH, setUp } from './rig.fixture.ts'

/** Requests for the same at the same time. */

describe('many requests for the same', () => {
  const slow = (
    gate: ReturnType<typeof setUp>,
    headers: Readonly<Record<string, string>>,
    size = 2,
  ) =>
    gate.answerWith(async ({ times }) => {
      await Bun.sleep(20)
      return new Response(String(times).padEnd(size, '.'), { headers })
    })

  test('ask once when the response can be stored', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    const made = await Promise.all(Array.from({ length: 50 }, () => gate.send()))
    expect(gate.asked).toHaveLength(1)
    expect(new Set(made.map(({ body }) => body)).size).toBe(1)
    const told = made.map((each) => `${each.get('cache-status')}, age ${each.get('age')}`)
    const [first, ...waited] = told
    expect(first).toBe('Tollgate; fwd=uri-miss, age null')
    // RFC 9211 §3: no hit, for they waited as long as the one that went forward.
    const is = /^Tollgate; fwd=uri-miss; ttl=60; collapsed, age 0$/
    expect(waited.filter((each) => is.test(each))).toHaveLength(49)
  })

  test('are not made to wait in turn when it cannot: one round of waiting, then none', async () => {
    const gate = setUp()
    let atOnce = 0
    let most = 0
    gate.answerWith(async () => {
      most = Math.max(most, (atOnce += 1))
      await Bun.sleep(10)
      atOnce -= 1
      return new Response('x', { headers: { 'cache-control': 'private' } })
    })
    await Promise.all(Array.from({ length: 20 }, () => gate.send()))
    expect([gate.asked.length, most]).toEqual([20, 19])
    most = 0
    await Promise.all(Array.from({ length: 20 }, () => gate.send()))
    expect(most).toBe(20)
    expect(gate.asked.at(-1)?.conditions).toBeUndefined()
  })

  test('with different selecting fields wait for their own', async () => {
    const gate = setUp()
    slow(gate, { ...FRESH, vary: 'foo' })
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, at) => gate.send({ headers: { foo: String(at % 2) } })),
    )
    expect(gate.asked.length).toBeLessThanOrEqual(3)
    expect(new Set(made.map(({ body }) => body)).size).toBe(2)
  })

  test('of different callers never share', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    await Promise.all(['a', 'b', 'c'].map((caller) => gate.send({ caller, tenantId: 't' })))
    expect(gate.asked).toHaveLength(3)
  })

  test('do not wait for those with credentials, which cannot switch off that they wait for one another', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    const known = { headers: { authorization: 'Basic x' } }
    await gate.send({ ...known, target: '/b' })
    const asked = gate.asked.length
    const [stranger, ...made] = await Promise.all([
      gate.send({ ...known, target: '/b' }),
      ...Array.from({ length: 20 }, () => gate.send({ target: '/b' })),
    ])
    expect(gate.asked).toHaveLength(asked + 2)
    expect(new Set(made.map(({ body }) => body)).size).toBe(1)
    expect(stranger?.get('cache-status')).toContain('detail=credentials')
  })

  test('wait for one another after an error that one range brought about', async () => {
    const gate = setUp()
    gate.answerWith(() => new Response('no', { status: 416, headers: FRESH }))
    await gate.send({ headers: { range: 'bytes=99-' } })
    slow(gate, FRESH)
    await Promise.all(Array.from({ length: 20 }, () => gate.send()))
    expect(gate.asked).toHaveLength(2)
  })

  test('beyond the bound ask for themselves', async () => {
    const gate = setUp()
    slow(gate, FRESH)
    await Promise.all(Array.from({ length: 60 }, () => gate.send()))
    expect(gate.asked).toHaveLength(10)
  })

  test('go on when who asked first is late', async () => {
    const gate = setUp({}, {}, 20)
    gate.answerWith(({ times }) =>
      times === 1
        ? new Promise<Reply>(() => undefined)
        : new Response('second', { headers: FRESH }),
    )
    void gate.send()
    expect((await gate.send()).body).toBe('second')
  })

  test('share what broke: one refusal for all', async () => {
    const gate = setUp()
    gate.answerWith(async () => {
      await Bun.sleep(5)
      return 'down' as const
    })
    const made = await Promise.all(Array.from({ length: 10 }, () => gate.send()))
    expect(made.every(({ body }) => body === 'down')).toBe(true)
    expect(gate.asked).toHaveLength(1)
  })

  test('an origin that throws leaves nobody waiting', async () => {
    const gate = setUp()
    gate.answerWith(async () => {
      await Bun.sleep(5)
      throw new Error('broken')
    })
    const made = await Promise.allSettled([gate.send(), gate.send()])
    expect(made.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
