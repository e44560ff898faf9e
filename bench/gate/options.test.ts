import { expect, test } from 'bun:test'
import { ARMS } from './arms.ts'
import { HELP, readOptions } from './options.ts'

test('the help names every arm, and the options of the default', () => {
  for (const { name } of ARMS) expect(HELP).toContain(name)
  expect(readOptions([])).toMatchObject({ mode: 'layers', keys: 100_000, blocks: 40 })
  expect(readOptions(['--latency'])).toMatchObject({ mode: 'latency', blocks: 100 })
})

test.each([
  [['--latency', '--scale'], 'latency and scale cannot be measured together'],
  [['--only', 'all,nobody'], 'no arm is named nobody'],
  [['--blocks', '1'], '--blocks expects a whole number, at least 2'],
])('%p is refused with a reason', (args, reason) => {
  expect(readOptions(args)).toMatchObject({ isWrong: true, usage: expect.stringContaining(reason) })
})
