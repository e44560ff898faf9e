import { expect, test } from 'bun:test'
import { keepBlocks } from './kept-blocks.ts'
import { makeBlock, makeSlice } from './slice.fixture.ts'

const good = makeBlock(makeSlice())
const dropping = makeBlock(makeSlice({ dropped: 1 }))
const stalled = makeBlock(makeSlice({ requests: 0 }))

test('a block is left out when one of its slices lost a single record', () => {
  const half = { base: good.base, arm: [good.arm[0]!, dropping.arm[0]!] }
  expect(keepBlocks([good, half, good])).toEqual({
    blocks: [good, good],
    stalled: 0,
    dropped: 1,
    isSpoilt: false,
  })
})

test('a block without an answer is left out for that reason alone', () => {
  const silent = makeBlock(makeSlice({ requests: 0, dropped: 5 }))
  expect(keepBlocks([good, silent, stalled])).toMatchObject({ stalled: 2, dropped: 0 })
})

test('nothing can be said when more than half of the blocks had to be left out, or none is there', () => {
  expect(keepBlocks([good, dropping]).isSpoilt).toBe(false)
  expect(keepBlocks([good, dropping, stalled]).isSpoilt).toBe(true)
  expect(keepBlocks([]).isSpoilt).toBe(true)
})
