/** How the readings of several processes are combined into one. */
export type MergeRule = 'sum' | 'max' | 'min'

/** One series: its label values, and its numbers (histograms: count of each bucket, then the sum). */
export interface SeriesSnapshot {
  readonly values: readonly string[]
  readonly numbers: readonly number[]
}

/** One family of series as plain JSON. */
export interface FamilySnapshot {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly merge: MergeRule
  readonly labels: readonly string[]
  /** Upper bounds of the buckets, for histograms. */
  readonly bounds?: readonly number[]
  readonly series: readonly SeriesSnapshot[]
}

/** All metrics of a process as plain JSON, so that it can be posted to another. */
export interface MetricsSnapshot {
  readonly families: readonly FamilySnapshot[]
}

const MERGES: Readonly<Record<MergeRule, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
}

/**
 * Merges the snapshots of several processes: counters and histograms are added up, gauges follow their rule. A
 * histogram whose bounds differ from those of the first one seen is left out, since its buckets mean something
 * else (a process of another version, during an upgrade).
 */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const merged = new Map<string, { family: FamilySnapshot; series: Map<string, SeriesSnapshot> }>()
  for (const family of snapshots.flatMap((snapshot) => snapshot.families)) {
    const entry = merged.get(family.name) ?? { family, series: new Map<string, SeriesSnapshot>() }
    merged.set(family.name, entry)
    if (!sameShape(entry.family, family)) continue
    const combine = MERGES[family.merge]
    for (const series of family.series) {
      const key = JSON.stringify(series.values)
      const before = entry.series.get(key)?.numbers
      const numbers = before?.map((number, at) => combine(number, series.numbers[at] ?? number))
      entry.series.set(key, { values: series.values, numbers: numbers ?? series.numbers })
    }
  }
  return {
    families: Array.from(merged.values(), ({ family, series }) =>
      Object.assign({}, family, { series: [...series.values()] }),
    ),
  }
}

function sameShape(a: FamilySnapshot, b: FamilySnapshot): boolean {
  return (
    a.type === b.type &&
    a.labels.join() === b.labels.join() &&
    (a.bounds ?? []).join() === (b.bounds ?? []).join()
  )
}
