import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietWorld } from '../../core/world.fixture.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { readArms } from './arms-file.ts'
import { overheadExperiment, parseBudget } from './index.ts'
import type { OverheadOptions } from './raw.ts'
import { OPTIONS } from './simulation.fixture.ts'
import { openTollgateArms } from './tollgate-arms.ts'

const SHORT: OverheadOptions = {
  ...OPTIONS,
  connections: 4,
  // Long enough for every process to have some turns in it.
  sliceMs: 60,
  blocksMin: 6,
  blocksMax: 6,
  durationMs: 1,
}

describe('measuring', () => {
  test('every arm is measured next to its reference, as often as was asked, with its own cost', async () => {
    const source = { kind: 'synthetic', layers: { dear: 100 } } as const
    const raw = await overheadExperiment.measure(
      { ...SHORT, source, latencyBlocks: 1 },
      quietWorld(),
    )
    expect(raw.arms.map(({ name }) => name)).toEqual(['baseline', 'again', 'dear'])
    expect(raw.blocks).toHaveLength(12)
    for (const { contender, reference, slices } of raw.blocks) {
      const order = slices.map(({ arm }) => arm)
      expect(order[0]).toBe(order[3])
      expect(order[1]).toBe(order[2])
      expect(new Set(order)).toEqual(new Set([contender, reference]))
    }
    expect(raw.latency).toHaveLength(2)
    // A layer of 100 µs is more than five times what the rest of the answer costs.
    const cpuNsOf = (name: string): number => {
      const slices = raw.blocks
        .flatMap((block) => block.slices)
        .filter(({ arm }) => raw.arms[arm]?.name === name)
      const sum = (of: 'cpuNs' | 'requests'): number =>
        slices.reduce((total, slice) => total + (slice[of] ?? 0), 0)
      return sum('cpuNs') / sum('requests')
    }
    expect(cpuNsOf('dear')).toBeGreaterThan(2 * cpuNsOf('baseline'))
    const outcome = overheadExperiment.analyze({ ...SHORT, source }, raw, 1)
    const dear = outcome.figures.find(({ name }) => name === 'dear.throughput')
    // Nothing is answered in a slice in which no process had a turn: the experiment says so, and leaves it out.
    const silent = raw.blocks.filter(({ slices }) => slices.some(({ requests }) => requests === 0))
    if (silent.some(({ contender }) => raw.arms[contender]?.name === 'dear')) {
      expect(dear).toBeUndefined()
      const reason = 'blocks with a slice without any answer'
      expect(outcome.trust.discarded).toContainEqual({ reason, count: silent.length })
      return
    }
    expect(dear?.value).toBeGreaterThan(0.5)
    // What the server timed itself is what was found without asking it.
    const known = outcome.exhibits.find(({ id }) => id === 'known')
    const [layer, , timed, found] = known?.kind === 'table' ? (known.rows[0] ?? []) : []
    expect(layer).toBe('dear')
    expect(Number(found) / Number(timed)).toBeGreaterThan(0.6)
    expect(Number(found) / Number(timed)).toBeLessThan(1.6)
  }, 60_000)

  test('a budget for an arm that there is not ends the run before anything is measured', async () => {
    const source = { kind: 'synthetic', layers: { dear: 100 } } as const
    const budgets = [parseBudget('near<5%')]
    const run = overheadExperiment.measure({ ...SHORT, source, budgets }, quietWorld())
    expect(run).rejects.toThrow('near<5%: there is no arm "near", but baseline, again, dear')
  })

  test('an arm that answers otherwise than it should ends the run with its name', async () => {
    const server = await startSyntheticServer()
    const request = { method: 'GET', headers: {}, body: null, status: 200 }
    const arms = [
      { name: 'plain', role: 'baseline', layer: null, request: { ...request, url: server.url } },
      {
        name: 'odd',
        role: 'alone',
        layer: 'odd',
        request: { ...request, url: `${server.url}/no` },
      },
    ] as const
    const options = { ...SHORT, source: { kind: 'given', arms, pid: null } as const }
    try {
      expect(overheadExperiment.measure(options, quietWorld())).rejects.toThrow(
        /odd: .* 404, not with 200/,
      )
      const nobody = { ...request, url: 'http://127.0.0.1:9/' }
      const gone = [
        { ...arms[0], request: nobody },
        { ...arms[1], request: nobody },
      ]
      const nowhere = { ...SHORT, source: { kind: 'given', arms: gone, pid: null } as const }
      expect(overheadExperiment.measure(nowhere, quietWorld())).rejects.toThrow('127.0.0.1:9')
    } finally {
      await server.stop()
    }
  })
})

describe('the gate', () => {
  test('each arm of it answers as it should, and refuses where it should', async () => {
    const source = await openTollgateArms(
      { kind: 'tollgate', command: null, only: [] },
      quietWorld(),
    )
    try {
      for (const { name, request } of source.arms) {
        const { url, status, ...init } = request
        // A limit of one is met by the first request.
        if (status === 429) await fetch(url, init)
        const response = await fetch(url, init)
        expect([name, response.status]).toEqual([name, status])
      }
      expect(source.arms.filter(({ role }) => role === 'refused')).toHaveLength(4)
      expect(source.arms.filter(({ role }) => role === 'without')).toHaveLength(4)
    } finally {
      await source.close()
    }
  }, 30_000)

  test('layers that do not exist are refused before anything is started', () => {
    const source = { kind: 'tollgate', command: null, only: ['levitation'] } as const
    expect(openTollgateArms(source, quietWorld())).rejects.toThrow('no layer is named levitation')
  })
})

describe('files of arms', () => {
  const read = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-arms-'))
    try {
      const path = join(folder, 'arms.yaml')
      await writeFile(path, text)
      return await readArms(path, (url) => new URL(url).href, { 'x-key': 'common' })
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test('a baseline gets its duplicate, and headers that all have are filled in', async () => {
    const { arms, pid } = await read(`
arms:
  - { name: plain, role: baseline, url: http://127.0.0.1:1/a }
  - { name: key, role: alone, url: http://127.0.0.1:1/b, headers: { x-key: own }, status: 204 }
`)
    expect(pid).toBeNull()
    expect(arms.map(({ name, role, layer }) => [name, role, layer])).toEqual([
      ['plain', 'baseline', null],
      ['key', 'alone', 'key'],
      ['plain again', 'duplicate', null],
    ])
    expect(arms[0]?.request.headers).toEqual({ 'x-key': 'common' })
    expect(arms[1]?.request.headers).toEqual({ 'x-key': 'own' })
  })

  test.each([
    ['arms: []', 'arms'],
    ['arms: [{ name: a, role: alone, url: x }, { name: b, role: all, url: x }]', ''],
    ['arms: [{ name: a, role: king, url: x }]', 'role'],
    [': : :', ''],
  ])('%s is refused', (text, said) => {
    expect(read(text)).rejects.toThrow(said)
  })
})
