import type { Exhibit, Figure, Judgement, Outcome } from '../../core/index.ts'
import { selfByName, toFlame, totalOf } from './frames.ts'
import type { Frame, ProfileOptions, ProfileRaw } from './raw.ts'

const SAMPLES_MIN = 200
const TOP = 25

/** Where time and memory go, and what changed since an earlier profile. */
export function analyzeProfile({ base }: ProfileOptions, raw: ProfileRaw): Outcome {
  const { cpu, heap, heapIs } = raw
  return {
    judgement: judge(raw),
    figures: figuresOf(raw),
    exhibits: [
      ...(cpu === null ? [] : exhibitsOf('cpu', cpu, base?.cpu ?? null)),
      ...(heap === null ? [] : exhibitsOf('heap', heap, base?.heap ?? null)),
    ],
    notes: [
      'A profiler slows what it looks at: compare shares, not times.',
      ...(heapIs === 'held'
        ? [
            'Memory: what was held when the server ended, by kind; this runtime does not tell where it was allocated.',
          ]
        : []),
      ...(heapIs === 'allocated' ? ['Memory: where it was allocated, by sampling.'] : []),
      ...(base === null
        ? []
        : ['Differences are of shares: the earlier profile was scaled to this one.']),
    ],
    trust: {},
  }
}

function judge({ cpu, samples, requests, failed }: ProfileRaw): Judgement {
  const open = (reason: string): Judgement => ({ verdict: 'inconclusive', reason })
  if (requests === 0) return open('no request was answered under the profiler')
  if (failed > requests / 100)
    return open(`${failed} requests failed: this was not the load that was meant`)
  if (cpu === null || samples < SAMPLES_MIN) {
    return open(`${samples} samples say little; at least ${SAMPLES_MIN} are needed`)
  }
  return {
    verdict: 'pass',
    reason: `${samples} samples over ${requests} requests; nothing was demanded`,
  }
}

function figuresOf({ cpu, heap, samples, requests }: ProfileRaw): readonly Figure[] {
  const count = Math.max(1, requests)
  return [
    ...(cpu === null
      ? []
      : [
          {
            name: 'cpu.perRequest',
            label: 'Processor time for a request, profiled',
            unit: 'microseconds',
            value: totalOf(cpu) / count,
            sampleSize: samples,
          } as const,
        ]),
    ...(heap === null
      ? []
      : [
          {
            name: 'heap.total',
            label: 'Memory in the profile',
            unit: 'bytes',
            value: totalOf(heap),
          } as const,
        ]),
    { name: 'requests', label: 'Requests under the profiler', unit: 'count', value: requests },
  ]
}

function exhibitsOf(kind: 'cpu' | 'heap', root: Frame, base: Frame | null): readonly Exhibit[] {
  const isCpu = kind === 'cpu'
  const compared = base === null ? '' : ', colored by what changed'
  return [
    {
      kind: 'flame-graph',
      id: `${kind}-flame`,
      title: isCpu ? 'Where the processor time goes' : 'What the memory is',
      caption: isCpu
        ? `Width is time on the processor in microseconds, a caller below what it calls${compared}.`
        : `Width is bytes${compared}.`,
      unit: isCpu ? 'samples' : 'bytes',
      root: toFlame(root, base ?? undefined),
    },
    topTable(kind, root, base),
  ]
}

function topTable(kind: 'cpu' | 'heap', root: Frame, base: Frame | null): Exhibit {
  const whole = Math.max(1, totalOf(root))
  const baseWhole = base === null ? 1 : Math.max(1, totalOf(base))
  const before = base === null ? new Map<string, number>() : selfByName(base)
  const rows = [...selfByName(root)].toSorted((a, b) => b[1] - a[1]).slice(0, TOP)
  return {
    kind: 'table',
    id: `${kind}-top`,
    title: kind === 'cpu' ? 'Functions by their own time' : 'Kinds by their own size',
    caption: 'Without what they call, wherever they were called from.',
    columns: [
      { label: kind === 'cpu' ? 'function' : 'kind' },
      { label: 'own', unit: kind === 'cpu' ? 'microseconds' : 'bytes' },
      { label: 'share', unit: 'share' },
      ...(base === null ? [] : [{ label: 'change of the share', unit: 'share' } as const]),
    ],
    rows: rows.map(([name, self]) =>
      base === null
        ? [name, self, self / whole]
        : [name, self, self / whole, self / whole - (before.get(name) ?? 0) / baseWhole],
    ),
  }
}
