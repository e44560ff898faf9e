import { describe, expect, test } from 'bun:test'
import type { Name } from '../../cache/index.ts'
import { surrogateName } from '../../cache/index.ts'
import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import type { Siblings, StreamPosition } from '../../storage/index.ts'
import { createMemoryBus, createSiblingHub, joinSiblings } from '../../storage/index.ts'
import type { OtherStores, SharedInvalidations } from './tell-others.ts'
import { createOtherStores } from './tell-others.ts'

/** An invalidation is settled when no process of the gate answers with what it made void. */

interface Process extends OtherStores {
  readonly applied: string[]
}

function processOf(siblings: Siblings, shared?: SharedInvalidations): Process {
  const applied: string[] = []
  const others = createOtherStores({
    bus: createMemoryBus(),
    shared,
    siblings,
    clock: systemClock,
    random: systemRandom,
    apply: ({ name }: Name) => applied.push(name),
    onFailure: () => undefined,
  })
  return { ...others, applied }
}

const NAME = surrogateName('k')
const PLACE = { era: 'era', sequence: 7 }

/** A stream that takes word, or does not, and in which a place is reached, or is not. */
const stream = (
  publish: () => Promise<StreamPosition>,
  reaches: (place: StreamPosition) => Promise<boolean>,
): SharedInvalidations => ({ publish, reaches })

describe('an invalidation, told to the other processes of a gate', () => {
  test('is settled when they have applied it', async () => {
    const hub = createSiblingHub()
    const [one, two] = [processOf(joinSiblings(hub, 'one')), processOf(joinSiblings(hub, 'two'))]
    one.tell(NAME)
    await one.settled()
    expect([one.applied, two.applied]).toEqual([[], [NAME.name]])
    expect(one.unconfirmed()).toBe(0)
  })

  test('with the stream it is settled when they have heard it from there', async () => {
    const hub = createSiblingHub({ boundMs: 5000 })
    const heard = Promise.withResolvers<boolean>()
    const asked: StreamPosition[] = []
    const shared = stream(
      async () => PLACE,
      async (place) => {
        asked.push(place)
        return heard.promise
      },
    )
    const one = processOf(joinSiblings(hub, 'one'), shared)
    const two = processOf(joinSiblings(hub, 'two'), shared)
    one.tell(NAME)
    const settling = one.settled().then(() => 'settled')
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    expect(await Promise.race([settling, Promise.resolve('waits')])).toBe('waits')
    heard.resolve(true)
    expect(await settling).toBe('settled')
    expect([asked, two.applied]).toEqual([[PLACE], []])
  })

  test.each([
    ['Redis does not take it', () => new Promise<StreamPosition>(() => undefined), true],
    ['Redis refuses it', () => Promise.reject(new Error('no')), true],
    ['it does not come from there', async () => PLACE, false],
  ])('they apply it by themselves when %s', async (_, publish, isReached) => {
    const hub = createSiblingHub({ boundMs: 5000 })
    const shared = stream(publish, async () => isReached)
    const one = processOf(joinSiblings(hub, 'one'), shared)
    const two = processOf(joinSiblings(hub, 'two'), shared)
    one.tell(NAME)
    await one.settled()
    expect(two.applied).toEqual([NAME.name])
  })

  test('and counted when one has not confirmed it in time', async () => {
    const hub = createSiblingHub({ boundMs: 5 })
    const one = processOf(joinSiblings(hub, 'one'))
    joinSiblings(hub, 'hangs').listen(() => new Promise(() => undefined))
    for (let at = 0; at < 3; at += 1) {
      one.tell(NAME)
      await one.settled()
    }
    expect(one.unconfirmed()).toBe(3)
  })
})
