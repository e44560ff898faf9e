import { expect, test } from 'bun:test'
import { describeBus, listen } from '../contract/bus.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import { createMemoryBus } from './bus.ts'

describeBus('memory', async () => {
  const bus = createMemoryBus()
  return { here: bus, there: bus, end: async () => bus.close() }
})

test('a listener that fails does not keep others from hearing, and the publisher is told', async () => {
  const bus = createMemoryBus()
  bus.subscribe(() => {
    throw new Error('listener')
  })
  const heard = listen(bus, 1)
  const error = await thrownBy(async () => bus.publish({ topic: 't', payload: 'p' }))
  expect(error).toBeInstanceOf(AggregateError)
  expect((await heard).length).toBe(1)
})
