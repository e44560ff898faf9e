import { expect, test } from 'bun:test'
import { createSeededRandom } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import { armNamed } from './arms.ts'
import { findingsOf, notesOf } from './layers-report.ts'
import { rowsOf, threadShares } from './layers-rows.ts'
import type { Slice } from './slice.ts'
import { makeBlock, makeSlice } from './slice.fixture.ts'

const rowOf = (blocks: readonly Block<Slice>[]) =>
  rowsOf(armNamed('all'), blocks, createSeededRandom(1))[0]!
/** Much faster than anything that writes a log. */
const unwritten = makeBlock(
  makeSlice({ ns: 1_000_000, seconds: 0.001, dropped: 900, written: 100 }),
)
const slow = makeBlock(makeSlice({ ns: 20_000_000, seconds: 0.02, written: 1000 }))

test('blocks that lost records do not make an arm look faster than it is', () => {
  const row = rowOf([slow, unwritten, slow, slow])
  for (const value of Object.values(row.throughput)) expect(value).toBeCloseTo(0.5, 9)
  expect(row.cpu.value).toBeCloseTo(2, 9)
  expect(findingsOf(row).map(({ verdict }) => verdict)).toEqual(['FAIL', 'FAIL'])
  expect(notesOf([row], true)).toEqual([
    'all: 1 blocks were left out: the audit log dropped records in them (1800 of 8000 requests).',
  ])
})

test('nothing is judged when most blocks lost records, and the report says so', () => {
  const row = rowOf([slow, unwritten, unwritten])
  expect(row.isSpoilt).toBe(true)
  expect(findingsOf(row).map(({ verdict }) => verdict)).toEqual(['UNSURE', 'UNSURE'])
  expect(notesOf([row], true).at(-1)).toContain('nothing is judged')
})

test('an arm that meets its targets in every block passes', () => {
  expect(findingsOf(rowOf([makeBlock(makeSlice())])).map(({ verdict }) => verdict)).toEqual([
    'PASS',
    'PASS',
  ])
})

test('of throughput nothing is said while other work has the processor', () => {
  const shared = makeBlock(makeSlice({ ns: 4_000_000 }))
  const row = rowOf([shared, shared])
  expect(row.busy).toBeCloseTo(0.4, 9)
  expect(findingsOf(row).map(({ verdict }) => verdict)).toEqual(['UNSURE', 'PASS'])
  expect(notesOf([row], true)).toEqual([expect.stringContaining('servers of all had')])
  // Nor when it is the bare server that had to wait.
  const waited = { arm: [makeSlice(), makeSlice()], base: shared.arm }
  expect(findingsOf(rowOf([waited]))[0]?.verdict).toBe('UNSURE')
})

test('a copy of the bare server shows what it is a copy of as well', () => {
  const rows = rowsOf(armNamed('aa'), [slow], createSeededRandom(1))
  expect(rows.map(({ arm, cpuUs }) => [arm.name, cpuUs])).toEqual([
    ['bare', 10],
    ['aa', 20],
  ])
})

test('what each kind of thread took is told for a request, the dearest first, user and system apart', () => {
  const pool = { ns: 30_000_000, waitedNs: 0, userTicks: 1, systemTicks: 2 }
  const main = { ns: 10_000_000, waitedNs: 0, userTicks: 1, systemTicks: 1 }
  const slice = makeSlice({
    cpu: new Map([
      ['main', main],
      ['pool', pool],
    ]),
  })
  expect(threadShares([slice, slice])).toEqual([
    { group: 'pool', us: 30, userUs: 10, systemUs: 20 },
    { group: 'main', us: 10, userUs: 5, systemUs: 5 },
  ])
})
