import { expect, test } from 'bun:test'
import { createSeededRandom } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import { armNamed } from './arms.ts'
import { judgeLatency, reportLatency } from './latency-report.ts'
import { latencyRowOf } from './latency-rows.ts'
import type { Latencies } from './open-loop.ts'
import { readOptions } from './options.ts'

const slice = (p99Ms: number, rest: Partial<Latencies> = {}): Latencies => ({
  response: Float64Array.from({ length: 1000 }, (_, at) => (at < 980 ? 0.05 : p99Ms)),
  missed: 0,
  waited: 0,
  written: 1000,
  dropped: 0,
  ...rest,
})
const block = (baseMs: number, armMs: number): Block<Latencies> => ({
  base: [slice(baseMs), slice(baseMs)],
  arm: [slice(armMs), slice(armMs)],
})
const disturbed: Block<Latencies> = {
  base: [slice(90, { waited: 0.02 }), slice(90, { waited: 0.02 })],
  arm: [slice(0.1), slice(0.1)],
}
const missing: Block<Latencies> = {
  base: [slice(0.1), slice(0.1)],
  arm: [slice(90, { missed: 0.5 }), slice(0.1)],
}
const dropping: Block<Latencies> = {
  base: [slice(0.1), slice(0.1)],
  arm: [slice(90, { written: 900, dropped: 100 }), slice(0.1)],
}
const rowOf = (name: string, blocks: readonly Block<Latencies>[]) =>
  latencyRowOf(armNamed(name), blocks, createSeededRandom(1))
const times = (count: number, one: Block<Latencies>) => Array.from({ length: count }, () => one)

const calm = rowOf('aa', times(10, block(0.1, 0.1)))

test('a gate that adds little in every block passes, one that adds much fails', () => {
  const little = rowOf('all', times(10, block(0.1, 0.2)))
  const much = rowOf('all', times(10, block(0.1, 0.5)))
  expect(judgeLatency({ again: calm, gate: little }).verdict).toBe('PASS')
  expect(judgeLatency({ again: calm, gate: much }).verdict).toBe('FAIL')
})

test('slices that other work disturbed are left out, and told by the side that was disturbed', () => {
  const row = rowOf('all', [...times(8, block(0.1, 0.2)), disturbed, missing])
  expect(row).toMatchObject({
    left: 1,
    isSpoilt: false,
    disturbed: { base: 2, own: 1, slices: 20 },
  })
  expect(row.addedP99Ms.high).toBeCloseTo(0.1, 9)
})

test('a block in which records were lost is left out and told, and does not spoil the others', () => {
  const gate = rowOf('all', [...times(19, block(0.1, 0.2)), dropping])
  expect(gate).toMatchObject({ dropping: 1, left: 0, records: { written: 39_900, dropped: 100 } })
  expect(gate.addedP99Ms.high).toBeCloseTo(0.1, 9)
  const options = readOptions(['--latency'])
  if ('usage' in options) throw new Error(options.usage)
  const { findings, lines } = reportLatency({ again: calm, gate, isKeptAwake: true }, options, true)
  expect(findings.map(({ verdict }) => verdict)).toEqual(['PASS'])
  expect(lines).toContain(
    'all: 1 of 20 blocks were left out: the audit log dropped records in them (100 of 40000).',
  )
})

test('nothing is judged when most blocks were disturbed, when A/A differs, or when records were lost often', () => {
  const good = rowOf('all', times(10, block(0.1, 0.2)))
  const spoilt = rowOf('all', [block(0.1, 0.2), disturbed, disturbed])
  const noisy = rowOf('aa', [...times(5, block(0.1, 0.9)), ...times(5, block(0.1, 0.1))])
  const verdicts = [
    { again: calm, gate: spoilt },
    { again: noisy, gate: good },
    { again: calm, gate: rowOf('all', [...times(18, block(0.1, 0.2)), dropping, dropping]) },
  ].map((result) => judgeLatency(result))
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['UNSURE', 'UNSURE', 'UNSURE'])
  expect(verdicts.map(({ doubt }) => doubt)).toEqual([
    expect.stringContaining('Most blocks'),
    expect.stringContaining('noise'),
    expect.stringContaining('dropped records'),
  ])
})
