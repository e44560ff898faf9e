import { expect, test } from 'bun:test'
import { setImmediate } from 'node:timers/promises'
import { startLastUses } from './write-last-uses.ts'

test('last uses are written again while more is due, one batch at a time, until stopped', async () => {
  const third = Promise.withResolvers<undefined>()
  let [begun, running] = [0, 0]
  let wereTwo = false
  const flush = async (): Promise<boolean> => {
    wereTwo ||= running > 0
    running++
    begun++
    for (let turn = 0; turn < 5; turn++) await setImmediate()
    running--
    if (begun === 3) third.resolve(undefined)
    return true
  }
  const uses = startLastUses({ flush }, { error: () => undefined })
  // Its timers keep no process alive; something else has to.
  const alive = setInterval(() => undefined, 1000)
  await third.promise
  clearInterval(alive)
  uses.stop()
  expect(wereTwo).toBe(false)
})
