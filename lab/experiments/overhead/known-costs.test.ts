import { expect, test } from 'bun:test'
import { createRandom } from '../../core/index.ts'
import { cpuPerRequest, effectsOf } from './effects.ts'
import { knownCosts, knownCostTable } from './known-costs.ts'
import { simulate } from './simulation.fixture.ts'

const raw = simulate({ seed: 1, rounds: 40, layers: { key: 0.05, free: 0 }, noise: 0.02 })
const cpu = effectsOf(raw.arms, raw.blocks, cpuPerRequest, createRandom(1))
// A request of the baseline takes 10,000 ns.
const held = (burnedNs: Readonly<Record<string, number>>) =>
  knownCosts({ ...raw, burnedNs }, raw.blocks, cpu).map(({ layer, share, isWithin }) => [
    layer,
    Math.round(share * 100),
    isWithin,
  ])

test('what a server says its layers took is held against what was found without asking it', () => {
  expect(held({ key: 500, free: 0 })).toEqual([
    ['key', 5, true],
    ['free', 0, true],
  ])
  expect(held({ key: 2000 })).toEqual([['key', 20, false]])
})

test('of a server that says nothing, nothing is shown', () => {
  expect(held({})).toEqual([])
  expect(knownCostTable([])).toEqual([])
})
