import { createRandom } from '../../core/index.ts'
import type { ArmName } from './arm.ts'
import { referenceOf } from './arm.ts'
import type { Block, OverheadOptions, OverheadRaw, Slice } from './raw.ts'

/** A simulated run in which the real cost of each arm is known. */
export interface Simulation {
  readonly seed: number
  readonly rounds: number
  /** Real cost of each layer, as a share of the baseline's processor time. */
  readonly layers: Readonly<Record<string, number>>
  /** Standard deviation of a slice's logarithm. */
  readonly noise: number
  /** Relative slowdown of the machine from the first round to the last. */
  readonly drift?: number
  /** What all layers together cost beyond their sum. */
  readonly interaction?: number
}

const BASE_NS = 10_000

export const OPTIONS: OverheadOptions = {
  source: { kind: 'synthetic', layers: {} },
  budgets: [],
  connections: 32,
  sliceMs: 200,
  blocksMin: 10,
  blocksMax: 40,
  durationMs: 120_000,
  precision: 0.02,
  latencyBlocks: 0,
}

export function armsFor(layers: readonly string[]): readonly ArmName[] {
  return [
    { name: 'baseline', role: 'baseline', layer: null },
    { name: 'again', role: 'duplicate', layer: null },
    ...layers.map((layer): ArmName => ({ name: layer, role: 'alone', layer })),
    ...layers.map((layer): ArmName => ({ name: `without ${layer}`, role: 'without', layer })),
    { name: 'all', role: 'all', layer: null },
  ]
}

export function simulate({
  seed,
  rounds,
  layers,
  noise,
  drift = 0,
  interaction = 0,
}: Simulation): OverheadRaw {
  const random = createRandom(seed)
  const arms = armsFor(Object.keys(layers))
  const sum = Object.values(layers).reduce((total, cost) => total + cost, 0)
  const factorOf = ({ role, layer }: ArmName): number => {
    const own = layers[layer ?? ''] ?? 0
    const share = { all: sum + interaction, alone: own, without: sum + interaction - own }
    return 1 + (share[role as keyof typeof share] ?? 0)
  }
  const slice = (arm: number, round: number): Slice => {
    const level = factorOf(arms[arm]!) * (1 + (drift * round) / rounds)
    const cpuNsEach = BASE_NS * level * Math.exp(noise * random.normal())
    const requests = Math.round(1e9 / BASE_NS / level / Math.exp(noise * random.normal()))
    return { arm, requests, failed: 0, seconds: 1, cpuNs: cpuNsEach * requests, foreignCores: 0 }
  }
  const blocks: Block[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const [contender, arm] of arms.entries()) {
      const reference = referenceOf(arms, arm)
      if (reference === undefined) continue
      const [outer, inner] = random.next() < 0.5 ? [contender, reference] : [reference, contender]
      const order = [outer, inner, inner, outer]
      const slices = order.map((at, place) => slice(at, round + place / 4))
      blocks.push({ contender, reference, slices })
    }
  }
  return {
    arms,
    blocks,
    rate: null,
    latency: [],
    lag: null,
    stopped: 'blocks',
    generatorCores: 0.8,
  }
}
