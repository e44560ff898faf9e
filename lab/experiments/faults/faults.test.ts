import { afterEach, describe, expect, test } from 'bun:test'
import { LabError } from '../../core/index.ts'
import { quietWorld } from '../../load/load.fixture.ts'
import type { SyntheticServer } from '../../synthetic/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { FaultsOptions } from './options.ts'
import { faultsExperiment } from './index.ts'

let server: SyntheticServer | undefined
afterEach(async () => {
  server?.resume()
  await server?.stop()
  server = undefined
})

const OPTIONS: Omit<FaultsOptions, 'target'> = {
  allowRemote: false,
  insecure: false,
  addresses: [],
  headers: {},
  scenario: null,
  methods: [],
  method: 'GET',
  body: null,
  fault: 'cut',
  delayMs: 300,
  bytesPerSecond: 1000,
  rate: 120,
  beforeMs: 2500,
  forMs: 1000,
  afterMs: 2500,
  timeoutMs: 2000,
  connectionsMax: 500,
  proxy: null,
  pid: null,
  recoverWithinMs: 2000,
  lostShareMax: null,
}

async function run(changes: Partial<FaultsOptions>) {
  server = await startSyntheticServer()
  const pid = changes.fault === 'stop' || changes.fault === 'kill' ? server.pid : null
  const options = { ...OPTIONS, target: `${server.url}/`, pid, ...changes }
  const raw = await faultsExperiment.measure(options, quietWorld())
  const outcome = faultsExperiment.analyze(options, raw, 1)
  const figure = (name: string) => outcome.figures.find((each) => each.name === name)!.value
  return { raw, outcome, figure }
}

describe('faults', () => {
  test('a cut loses what is planned while it lasts, is seen at once and is over at once', async () => {
    const { figure, raw } = await run({ fault: 'cut' })
    const lostExpected = 120 * 1
    expect(figure('lost')!).toBeGreaterThan(lostExpected * 0.6)
    expect(figure('lost')!).toBeLessThan(lostExpected * 1.5)
    expect(figure('detect')!).toBeLessThanOrEqual(0.5)
    expect(figure('recover')!).toBeLessThanOrEqual(1.5)
    expect(
      Object.keys(raw.result.failures).every((kind) => kind === 'closed' || kind === 'connect'),
    ).toBe(true)
  }, 30_000)

  test('a stopped process loses nothing that can wait, and its backlog is measured', async () => {
    const { figure, raw } = await run({ fault: 'stop' })
    expect(figure('lost')).toBe(0)
    // Arrivals of a second wait half a second on average.
    expect(figure('backlog')!).toBeGreaterThan(120 * 0.5 * 0.5)
    expect(figure('detect')!).toBeLessThanOrEqual(0.5)
    expect(raw.clearedMs! - raw.injectedMs!).toBeGreaterThan(990)
  }, 30_000)

  test('what is never whole again has failed', async () => {
    const { outcome, figure } = await run({ fault: 'kill', afterMs: 1500 })
    expect(outcome.judgement.verdict).not.toBe('pass')
    expect(figure('recover')).toBeNull()
  }, 30_000)

  test('a process is touched only when it is named, and never this one', () => {
    const world = quietWorld()
    const target = 'http://127.0.0.1:1/'
    const stop = { ...OPTIONS, target, fault: 'stop' } as const
    expect(faultsExperiment.measure({ ...stop, pid: null }, world)).rejects.toThrow('--pid')
    expect(faultsExperiment.measure({ ...stop, pid: process.pid }, world)).rejects.toThrow(LabError)
    expect(faultsExperiment.measure({ ...stop, pid: 1 }, world)).rejects.toThrow(LabError)
    expect(faultsExperiment.measure({ ...stop, pid: -5 }, world)).rejects.toThrow(LabError)
  })

  test('the proxy is no way around the refusal of other machines', () => {
    const options = { ...OPTIONS, target: 'http://192.0.2.1/', fault: 'cut' } as const
    expect(faultsExperiment.measure(options, quietWorld())).rejects.toThrow('--allow-remote')
  })
})
