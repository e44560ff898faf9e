import { describe, expect, test } from 'bun:test'
import type { Bus, BusEvent } from '../bus.ts'
import { thrownBy } from './thrown-by.ts'

/** Makes two ends of one bus (twice the same end if there is only one), with a function that tears them down. */
export type BusFactory = () => Promise<{ here: Bus; there: Bus; end: () => Promise<void> }>

/** Collects events until `count` have arrived. */
export function listen(bus: Bus, count: number): Promise<readonly BusEvent[]> {
  const events: BusEvent[] = []
  return new Promise((resolve) => {
    const stop = bus.subscribe((event) => {
      events.push(event)
      if (events.length < count) return
      stop()
      resolve(events)
    })
  })
}

const message = (payload: string) => ({ topic: 'topic', payload })
const event = (payload: string) => ({ kind: 'message', message: message(payload) }) as const

/** Registers the tests that every {@link Bus} adapter must pass. */
export function describeBus(adapter: string, create: BusFactory): void {
  const use = async (run: (here: Bus, there: Bus) => Promise<void>): Promise<void> => {
    const { here, there, end } = await create()
    try {
      await run(here, there)
    } finally {
      await end()
    }
  }
  describe(`bus: ${adapter}`, () => {
    test('every subscriber hears every message in order, the publisher too', async () => {
      await use(async (here, there) => {
        const heard = [listen(here, 3), listen(there, 3), listen(there, 3)]
        for (const text of ['a', 'b', 'c']) await here.publish(message(text))
        for (const events of await Promise.all(heard)) {
          expect(events).toEqual([event('a'), event('b'), event('c')])
        }
      })
    })

    test('who has unsubscribed hears nothing more', async () => {
      await use(async (here, there) => {
        const events: BusEvent[] = []
        const stop = there.subscribe((heard) => events.push(heard))
        const first = listen(there, 1)
        await here.publish(message('a'))
        await first
        stop()
        const second = listen(there, 1)
        await here.publish(message('b'))
        await second
        expect(events).toEqual([event('a')])
      })
    })

    test('a listener that publishes is heard by all, after what came before', async () => {
      await use(async (here, there) => {
        const heard = listen(there, 2)
        const own = listen(here, 2)
        const stop = here.subscribe((seen) => {
          if (seen.kind === 'message' && seen.message.payload === 'ask') {
            void here.publish(message('answer'))
          }
        })
        await here.publish(message('ask'))
        expect(await heard).toEqual([event('ask'), event('answer')])
        expect(await own).toEqual([event('ask'), event('answer')])
        stop()
      })
    })

    test('a closed bus refuses messages', async () => {
      await use(async (here) => {
        await here.close()
        await thrownBy(async () => here.publish(message('a')))
      })
    })
  })
}
