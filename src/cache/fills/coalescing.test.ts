import { describe, expect, test } from 'bun:test'
import { CacheBusyError } from './errors.ts'
import type { LoadContext, Loaded } from './load.ts'
import { answers, createGate, createRig, failureOf, settle } from './rig.fixture.ts'

/** A load whose calls are counted and answered by hand. */
function createHandLoad() {
  const calls: {
    answer(loaded: Loaded<string>): void
    fail(error: unknown): void
    context: LoadContext<string>
  }[] = []
  const load = (context: LoadContext<string>): Promise<Loaded<string>> =>
    new Promise((answer, fail) => {
      calls.push({ answer, fail, context })
    })
  return { calls, load }
}

describe('askers of one cold key', () => {
  test('a hundred of them cost one load', async () => {
    const { cache, permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const asked = Array.from({ length: 100 }, () => permission.getOrLoad(key, load))
    await settle()
    expect(calls.length).toBe(1)
    calls[0]!.answer({ value: 'allow' })
    expect(new Set(await answers(asked))).toEqual(new Set(['allow']))
    expect(cache.stats().fills).toMatchObject({ loads: 1, joined: 99, inFlight: 0 })
  })

  test('all learn of its error, and the next asker loads again', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const asked = Array.from({ length: 5 }, () => permission.getOrLoad(key, load))
    await settle()
    calls[0]!.fail(new Error('storage is gone'))
    const outcomes = await Promise.allSettled(asked.map(async (one) => one))
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(5).fill('rejected'))
    const again = permission.getOrLoad(key, load)
    await settle()
    calls[1]!.answer({ value: 'allow' })
    expect(await again).toBe('allow')
  })

  test('of other identities do not share it', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const other = permission.scope('acme', { kind: 'caller', id: 'key_2' }).key('order', 'read')
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(other, load)]
    await settle()
    calls[0]!.answer({ value: 'allow' })
    calls[1]!.answer({ value: 'deny' })
    expect(await answers(asked)).toEqual(['allow', 'deny'])
  })

  test('beyond the cap are turned away, and loads beyond theirs', async () => {
    const limits = { waitersMax: 2, loadsMax: 1 }
    const { cache, permission, key, caller } = createRig({ limits })
    const { calls, load } = createHandLoad()
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    expect(await failureOf(permission.getOrLoad(key, load))).toBeInstanceOf(CacheBusyError)
    const other = permission.scope('acme', caller).key('other')
    expect(await failureOf(permission.getOrLoad(other, load))).toBeInstanceOf(CacheBusyError)
    calls[0]!.answer({ value: 'allow' })
    expect(await answers(asked)).toEqual(['allow', 'allow'])
    expect(cache.stats().fills.turnedAway).toBe(2)
  })
})

describe('an asker that goes', () => {
  test('gets its own reason at once; the load goes on for the others', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const leaving = new AbortController()
    const first = permission.getOrLoad(key, load, leaving.signal)
    const second = permission.getOrLoad(key, load)
    await settle()
    leaving.abort(new Error('client went away'))
    expect(String(await failureOf(first))).toContain('client went away')
    expect(calls[0]!.context.signal.aborted).toBe(false)
    calls[0]!.answer({ value: 'allow' })
    expect(await second).toBe('allow')
  })

  test('as the last one ends the load, and the next asker begins another', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const leaving = new AbortController()
    const only = permission.getOrLoad(key, load, leaving.signal)
    await settle()
    leaving.abort(new Error('gone'))
    expect(String(await failureOf(only))).toContain('gone')
    expect(calls[0]!.context.signal.aborted).toBe(true)
    const next = permission.getOrLoad(key, load)
    await settle()
    calls[0]!.fail(new Error('aborted'))
    calls[1]!.answer({ value: 'allow' })
    expect(await next).toBe('allow')
  })

  test('before it asks does not load', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const asked = permission.getOrLoad(key, load, AbortSignal.abort(new Error('too late')))
    expect(String(await failureOf(asked))).toContain('too late')
    expect(calls.length).toBe(0)
  })
})

describe('a load that takes too long', () => {
  test('is handed over: the next waiter loads too, and the first answer counts', async () => {
    const { cache, permission, key, timers } = createRig()
    const { calls, load } = createHandLoad()
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    timers.fire(5000)
    await settle()
    expect(calls.length).toBe(2)
    calls[1]!.answer({ value: 'allow' })
    expect(await answers(asked)).toEqual(['allow', 'allow'])
    expect(calls[0]!.context.signal.aborted).toBe(true)
    expect(cache.stats().fills.handedOver).toBe(1)
    expect(timers.pending).toBe(0)
  })

  test('and then fails does not take the others with it', async () => {
    const { permission, key, timers } = createRig()
    const { calls, load } = createHandLoad()
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    timers.fire(5000)
    await settle()
    calls[0]!.fail(new Error('timed out'))
    await settle()
    calls[1]!.answer({ value: 'allow' })
    expect(await answers(asked)).toEqual(['allow', 'allow'])
  })

  test('and then fails ends with its error when the other one has a value for itself alone', async () => {
    const { permission, key, timers } = createRig()
    const { calls, load } = createHandLoad()
    const [first, second, third] = [1, 2, 3].map(() => permission.getOrLoad(key, load))
    const failed = failureOf(first)
    await settle()
    timers.fire(5000)
    await settle()
    calls[0]!.fail(new Error('storage is gone'))
    await settle()
    calls[1]!.answer({ value: 'mine', isCacheable: false })
    expect(await second).toBe('mine')
    expect(String(await failed)).toContain('storage is gone')
    calls[2]!.answer({ value: 'third' })
    expect(await third).toBe('third')
  })

  test('while nobody waited is handed over to those who come later', async () => {
    const { page, caller, clock, timers } = createRig()
    const { calls, load } = createHandLoad()
    const key = page.scope('acme', caller).key('home')
    await page.getOrLoad(key, () => ({ value: 'one' }))
    clock.advance(1200)
    expect(page.getOrLoad(key, load)).toBe('one')
    for (let round = 0; round < 5; round++) timers.fire(5000)
    clock.advance(1000)
    const asked = page.getOrLoad(key, load)
    timers.fire(5000)
    await settle()
    calls[1]!.answer({ value: 'two' })
    expect(await asked).toBe('two')
  })

  test('every time is waited for no more', async () => {
    const { permission, key, timers } = createRig({ limits: { handOversMax: 1 } })
    const { calls, load } = createHandLoad()
    const asked = [1, 2, 3, 4].map(() => permission.getOrLoad(key, load))
    for (let round = 0; round < 2; round++) {
      await settle()
      timers.fire(5000)
    }
    await settle()
    expect(calls.length).toBe(4)
    calls.forEach(({ answer }, at) => answer({ value: `answer ${at}` }))
    expect((await answers(asked)).slice(2)).toEqual(['answer 2', 'answer 3'])
  })

  test('with nobody else waiting stays alone', async () => {
    const { permission, key, timers } = createRig()
    const { calls, load } = createHandLoad()
    const asked = permission.getOrLoad(key, load)
    await settle()
    for (let round = 0; round < 5; round++) timers.fire(5000)
    await settle()
    expect(calls.length).toBe(1)
    calls[0]!.answer({ value: 'allow' })
    expect(await asked).toBe('allow')
  })
})

describe('what cannot be shared', () => {
  test('goes to the one who loaded it; the others load side by side, and later ones do not queue', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const asked = [1, 2, 3].map(() => permission.getOrLoad(key, load))
    await settle()
    calls[0]!.answer({ value: 'mine', isCacheable: false })
    await settle()
    expect(calls.length).toBe(3)
    const later = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    expect(calls.length).toBe(5)
    calls.forEach(({ answer }, at) => answer({ value: `own ${at}`, isCacheable: false }))
    expect(await answers([...asked, ...later])).toEqual([
      'mine',
      'own 1',
      'own 2',
      'own 3',
      'own 4',
    ])
    expect(permission.peek(key)).toBeUndefined()
  })

  test('and is said so early holds nobody up', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const asked = [permission.getOrLoad(key, load), permission.getOrLoad(key, load)]
    await settle()
    calls[0]!.context.decline()
    await settle()
    expect(calls.length).toBe(2)
    calls[1]!.answer({ value: 'second', isCacheable: false })
    expect(await asked[1]).toBe('second')
    calls[0]!.answer({ value: 'first', isCacheable: false })
    expect(await asked[0]).toBe('first')
  })

  test('is shared again once it can be kept', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const first = permission.getOrLoad(key, load)
    await settle()
    calls[0]!.answer({ value: 'mine', isCacheable: false })
    await first
    const second = permission.getOrLoad(key, load)
    await settle()
    calls[1]!.answer({ value: 'for all' })
    await second
    expect(permission.peek(key)).toBe('for all')
  })

  test('lets a released waiter go when it is aborted', async () => {
    const { permission, key } = createRig()
    const { calls, load } = createHandLoad()
    const leaving = new AbortController()
    const first = permission.getOrLoad(key, load)
    const second = permission.getOrLoad(key, load, leaving.signal)
    await settle()
    calls[0]!.answer({ value: 'mine', isCacheable: false })
    expect(await first).toBe('mine')
    await settle()
    leaving.abort(new Error('gone'))
    expect(String(await failureOf(second))).toContain('gone')
    expect(calls[1]!.context.signal.aborted).toBe(true)
  })
})

test('no failure is left unhandled', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  const { permission, page, key, caller, clock } = createRig()
  const gate = createGate()
  const load = () => gate.opened.then(() => Promise.reject(new Error('gone')))
  const leaving = new AbortController()
  const asked = [
    permission.getOrLoad(key, load, leaving.signal),
    permission.getOrLoad(key, () => {
      throw new Error('at once')
    }),
  ]
  leaving.abort()
  const pageKey = page.scope('acme', caller).key('home')
  await page.getOrLoad(pageKey, () => ({ value: 'home' }))
  clock.advance(1200)
  expect(page.getOrLoad(pageKey, load)).toBe('home')
  gate.open()
  await Promise.allSettled(asked.map(async (one) => one))
  await settle()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})
