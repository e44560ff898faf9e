import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietWorld } from '../../core/world.fixture.ts'
import { parseCpuProfile, parseHeapProfile, toFlame, totalOf } from './frames.ts'
import { profileExperiment } from './index.ts'
import type { ProfileOptions, ProfileRaw } from './raw.ts'

const at = (functionName: string, url = 'file:///somewhere/deep/app.ts') => ({
  functionName,
  url,
  lineNumber: 4,
})

/** main calls work (3 samples of 100 µs) and rest (1); one sample is idle. */
const CPU = JSON.stringify({
  nodes: [
    { id: 1, callFrame: at('(root)', ''), children: [2, 5] },
    { id: 2, callFrame: at('main'), children: [3, 4] },
    { id: 3, callFrame: at('work') },
    { id: 4, callFrame: at('rest') },
    { id: 5, callFrame: at('(idle)', '') },
  ],
  samples: [3, 3, 4, 5, 3],
  timeDeltas: [100, 100, 100, 9000, 100],
})

const OPTIONS: ProfileOptions = {
  command: '',
  path: '/',
  method: 'GET',
  headers: {},
  body: null,
  status: 200,
  connections: 2,
  durationMs: 2000,
  warmUpMs: 0,
  heap: true,
  base: null,
}

const rawWith = (cpu: ProfileRaw['cpu'], samples = 1000): ProfileRaw => ({
  cpu,
  samples,
  heap: null,
  heapIs: null,
  requests: 5000,
  failed: 0,
})

describe('profiles', () => {
  test('time goes to the function that was running, and idle time to nobody', () => {
    const { root, samples } = parseCpuProfile(CPU)
    expect([samples, totalOf(root)]).toEqual([4, 400])
    const [main] = root.children
    expect(main?.name).toBe('main app.ts:5')
    expect(main?.children.map(({ name, self }) => [name, self])).toEqual([
      ['work app.ts:5', 300],
      ['rest app.ts:5', 100],
    ])
    expect(JSON.stringify(root)).not.toContain('somewhere')
  })

  test('a difference is of shares, whatever the length of the profiles', () => {
    const { root } = parseCpuProfile(CPU)
    const doubled = parseCpuProfile(CPU.replaceAll('100', '200')).root
    const same = toFlame(root, doubled)
    expect(same.children[0]?.children.map(({ delta }) => delta)).toEqual([0, 0])
    const shifted = parseCpuProfile(CPU.replace('[3,3,4,5,3]', '[3,4,4,5,3]')).root
    const changed = toFlame(shifted, root)
    expect(
      changed.children[0]?.children.map(({ name, delta }) => [name.slice(0, 4), delta]),
    ).toEqual([
      ['work', -100],
      ['rest', 100],
    ])
  })

  test('memory: where it was allocated, or what is held; contents of strings are not shown', () => {
    const allocated = parseHeapProfile(
      JSON.stringify({
        head: {
          callFrame: at('(root)', ''),
          selfSize: 0,
          children: [{ callFrame: at('make'), selfSize: 640, children: [] }],
        },
      }),
    )
    expect([allocated.heapIs, totalOf(allocated.heap!)]).toEqual(['allocated', 640])
    const held = parseHeapProfile(
      JSON.stringify({
        snapshot: {
          meta: { node_fields: ['type', 'name', 'self_size'], node_types: [['object', 'string']] },
        },
        nodes: [0, 0, 100, 0, 0, 50, 1, 1, 30],
        strings: ['Session', 'secret-of-somebody'],
      }),
    )
    expect([held.heapIs, totalOf(held.heap!)]).toEqual(['held', 180])
    expect(JSON.stringify(held)).not.toContain('secret')
    expect(JSON.stringify(held)).toContain('Session')
  })

  test('what is no profile is refused', () => {
    expect(() => parseCpuProfile('{"nodes":[')).toThrow('cut short')
    expect(() => parseCpuProfile('{}')).toThrow('cannot be read')
    expect(() => parseHeapProfile('{}')).toThrow('cannot be read')
  })

  test('few samples, or failed requests, say nothing', () => {
    const { root } = parseCpuProfile(CPU)
    const verdict = (raw: ProfileRaw) =>
      profileExperiment.analyze(OPTIONS, raw, 1).judgement.verdict
    expect(verdict(rawWith(root))).toBe('pass')
    expect(verdict(rawWith(root, 20))).toBe('inconclusive')
    expect(verdict({ ...rawWith(root), failed: 4000 })).toBe('inconclusive')
  })
})

test('a server is profiled under load, and the function that burns is on top', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-profiled-'))
  const file = join(folder, 'server.ts')
  await writeFile(
    file,
    `function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2) }
Bun.serve({ hostname: '127.0.0.1', port: Number(process.argv[2]), fetch: () => new Response(String(fibonacci(20))) })`,
  )
  try {
    const command = `'${process.execPath}' {profile} '${file}' {port}`
    const raw = await profileExperiment.measure({ ...OPTIONS, command }, quietWorld())
    expect(raw.requests).toBeGreaterThan(100)
    expect(raw.heapIs).toBe('held')
    const outcome = profileExperiment.analyze(OPTIONS, raw, 1)
    const top = outcome.exhibits.find(({ id }) => id === 'cpu-top')
    expect(top?.kind === 'table' && top.rows[0]?.[0]).toContain('fibonacci server.ts')
    expect(
      profileExperiment.measure({ ...OPTIONS, command: 'true {port}' }, quietWorld()),
    ).rejects.toThrow('{profile}')
    const broken = { ...OPTIONS, command: 'sh -c "echo broken >&2; exit 3" {profile} {port}' }
    expect(profileExperiment.measure(broken, quietWorld())).rejects.toThrow('broken')
  } finally {
    await rm(folder, { recursive: true })
  }
}, 30_000)
