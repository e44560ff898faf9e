import type { CpuBurner } from './cpu-burn.ts'
import { createCpuBurners } from './cpu-burn.ts'
import type { SyntheticOptions } from './options.ts'
import type { CountingRoutes, SyntheticWorld } from './route.ts'
import { hello } from './route.ts'

/** Routes that cost something: processor time for each layer, memory that is never freed. */
export function createCostRoutes(
  { layersUs = {}, leakBytes = 0 }: SyntheticOptions,
  { nowNs }: SyntheticWorld,
): CountingRoutes<'layers' | 'leakedBytes'> {
  const layers = createLayers(layersUs, nowNs)
  const leaked: Uint8Array[] = []
  return {
    routes: {
      '/layers': (_, url) => {
        for (const layer of (url.searchParams.get('on') ?? '').split(',')) layers.get(layer)?.burn()
        return hello()
      },
      '/leak': () => {
        if (leakBytes > 0) leaked.push(new Uint8Array(leakBytes).fill(1))
        return hello()
      },
    },
    stats: () => ({
      leakedBytes: leaked.length * leakBytes,
      layers: Object.fromEntries([...layers].map(([name, burner]) => [name, burner.stats()])),
    }),
  }
}

function createLayers(
  layersUs: Readonly<Record<string, number>>,
  nowNs: () => number,
): ReadonlyMap<string, CpuBurner> {
  const entries = Object.entries(layersUs)
  if (entries.length === 0) return new Map()
  const makeBurner = createCpuBurners(nowNs)
  return new Map(entries.map(([name, us]) => [name, makeBurner(us)]))
}
