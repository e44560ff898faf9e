import type { Interval, Table } from '../../core/index.ts'
import { median } from '../../statistics/index.ts'
import type { Effects } from './effects.ts'
import { cpuPerRequest } from './effects.ts'
import type { Block, OverheadRaw } from './raw.ts'

/** The cost of a layer as the server timed it, to compare with what the experiment found. */
export interface KnownCost {
  readonly layer: string
  /** By the server's own clock, nanoseconds per request. */
  readonly burnedNs: number
  /** The same as a share of the time that a request to the reference took in the same blocks. */
  readonly share: number
  readonly found: number
  readonly interval: Interval
  readonly isWithin: boolean
}

/** The known costs of layers that are measured alone. */
export function knownCosts(
  raw: Pick<OverheadRaw, 'arms' | 'burnedNs'>,
  blocks: readonly Block[],
  cpu: Effects,
): readonly KnownCost[] {
  const { arms, burnedNs = {} } = raw
  return cpu.all.flatMap(({ arm, reference, value, interval }): KnownCost[] => {
    const { role, layer } = arms[arm] ?? ({ role: 'baseline', layer: null } as const)
    const burned = layer === null ? undefined : burnedNs[layer]
    if (role !== 'alone' || layer === null || burned === undefined) return []
    const costs = blocks
      .filter(({ contender }) => contender === arm)
      .flatMap(({ slices }) => slices.filter((slice) => slice.arm === reference))
      .map(cpuPerRequest)
    const share = burned / median(costs)
    const isWithin = share >= interval.low && share <= interval.high
    return [{ layer, burnedNs: burned, share, found: value, interval, isWithin }]
  })
}

/** The same as a table; none if nothing is known. */
export function knownCostTable(known: readonly KnownCost[]): readonly Table[] {
  if (known.length === 0) return []
  return [
    {
      kind: 'table',
      id: 'known',
      title: 'What the server says its layers took',
      caption:
        'The synthetic server times its layers with a clock of its own; the experiment does not ask it.',
      columns: [
        { label: 'layer' },
        { label: 'timed by the server', unit: 'nanoseconds' },
        { label: 'share of the reference', unit: 'share' },
        { label: 'found', unit: 'share' },
        { label: 'from', unit: 'share' },
        { label: 'to', unit: 'share' },
        { label: 'within' },
      ],
      rows: known.map(({ layer, burnedNs, share, found, interval, isWithin }) => [
        layer,
        burnedNs,
        share,
        found,
        interval.low,
        interval.high,
        isWithin ? 'yes' : 'no',
      ]),
    },
  ]
}
