import { expect, test } from 'bun:test'
import { closeAll } from './close-all.ts'

test('all are closed, in order and one at a time, and the first failure is told', async () => {
  const closed: string[] = []
  const closer = (name: string, error?: Error) => async (): Promise<void> => {
    closed.push(`${name} begins`)
    await Promise.resolve()
    if (error !== undefined) throw error
    closed.push(`${name} ends`)
  }
  const first = new Error('first')
  const closing = closeAll([
    closer('a'),
    closer('b', first),
    () => {
      throw new Error('second')
    },
    closer('c'),
  ])
  expect(await closing.catch((error: unknown) => error)).toBe(first)
  expect(closed).toEqual(['a begins', 'a ends', 'b begins', 'c begins', 'c ends'])
})
