import { afterEach, describe, expect, test } from 'bun:test'
import { LabError } from '../../core/index.ts'
import { histogramFrom } from '../../histogram/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { dueMoments, failures, responses, watchTurns } from '../../load/load.fixture.ts'
import type { SyntheticServer } from '../../synthetic/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import { FAULTS_OPTIONS } from './faults-options.fixture.ts'
import type { FaultsOptions } from './options.ts'
import { faultsExperiment } from './index.ts'

let server: SyntheticServer | undefined
afterEach(async () => {
  server?.resume()
  await server?.stop()
  server = undefined
})

const OPTIONS: FaultsOptions = { ...FAULTS_OPTIONS, fault: 'cut' }

/** What becomes of requests whose connection is ended or refused. */
const BROKEN: ReadonlySet<string> = new Set(['closed', 'connect'])

/** Runs a fault, and says how long this process and the generator once had no turn meanwhile. */
async function run(changes: Partial<FaultsOptions>) {
  server = await startSyntheticServer()
  const pid = changes.fault === 'stop' || changes.fault === 'kill' ? server.pid : null
  const options = { ...OPTIONS, target: `${server.url}/`, pid, ...changes }
  // The proxy of the lab lives in this process as well.
  const turns = watchTurns()
  const raw = await faultsExperiment.measure(options, quietWorld())
  const gapMs = turns.stop()
  const outcome = faultsExperiment.analyze(options, raw, 1)
  const figure = (name: string) => outcome.figures.find((each) => each.name === name)!.value
  const lagMs = histogramFrom(raw.result.lag).maxUs / 1000
  const lastedMs = raw.clearedMs! - raw.injectedMs!
  const isConclusive = outcome.judgement.verdict !== 'inconclusive'
  return { raw, outcome, figure, gapMs, lagMs, lastedMs, isConclusive }
}

/** The fewest and the most requests that the plan has within a time of this length. */
function plannedWithin(lengthMs: number): { readonly fewest: number; readonly most: number } {
  const durationMs = OPTIONS.beforeMs + OPTIONS.forMs + OPTIONS.afterMs
  const moments = dueMoments({ level: OPTIONS.rate, durationMs })
  const after = (fromMs: number): number =>
    moments.filter((at) => at > fromMs && at < fromMs + lengthMs).length
  const whole = [0, ...moments].filter((fromMs) => fromMs + lengthMs <= durationMs)
  return {
    fewest: Math.min(...whole.map(after)),
    most: 1 + Math.max(...moments.map(after)),
  }
}

test('the proxy neither leads to other machines nor listens for them, unless that was allowed', async () => {
  for (const proxy of [
    { listen: '127.0.0.1:0', upstream: '192.0.2.1:80' },
    { listen: '0.0.0.0:0', upstream: '127.0.0.1:1' },
    { listen: '[::]:0', upstream: '127.0.0.1:1' },
  ]) {
    const run = faultsExperiment.measure(
      { ...OPTIONS, beforeMs: 1, forMs: 1, afterMs: 1, proxy },
      quietWorld(),
    )
    expect(String(await run.catch((error: unknown) => error))).toContain('--allow-remote')
  }
})

describe('faults', () => {
  test('a cut loses what is planned while it lasts, is seen at once and is over at once', async () => {
    const { figure, raw, gapMs, lagMs, lastedMs, isConclusive } = await run({ fault: 'cut' })
    const { result, injectedMs, clearedMs, uncertainMs } = raw
    expect(Object.keys(result.failures).filter((kind) => !BROKEN.has(kind))).toEqual([])
    // Without a turn nobody sends, and nobody refuses: the cut may be shorter by that, and longer.
    const slackMs = gapMs + lagMs
    expect(failures(result)).toBeGreaterThanOrEqual(plannedWithin(lastedMs - slackMs).fewest)
    const underWayMs = responses(result).maxUs / 1000
    const longestMs = lastedMs + 2 * slackMs + underWayMs
    expect(failures(result)).toBeLessThanOrEqual(plannedWithin(longestMs).most)
    const failed = result.windows.flatMap((window, at) => (window.failed > 0 ? [at] : []))
    const windowOf = (ms: number): number => Math.floor(ms / result.windowMs)
    // What was planned before the cut and waited for a turn met it as well.
    const firstMs = injectedMs! - uncertainMs - underWayMs - slackMs
    expect(failed[0]!).toBeGreaterThanOrEqual(windowOf(firstMs))
    expect(failed.at(-1)!).toBeLessThanOrEqual(windowOf(clearedMs! + uncertainMs + slackMs))
    if (!isConclusive || slackMs > result.windowMs) return
    expect(figure('lost')).toBe(failures(result))
    expect(figure('detect')!).toBeLessThanOrEqual(0.5 + uncertainMs / 1000)
  }, 30_000)

  test('a stopped process loses nothing that can wait, and its backlog is measured', async () => {
    const { figure, raw, lastedMs, isConclusive } = await run({ fault: 'stop' })
    expect(raw.result.failures).toEqual({})
    expect(figure('lost')).toBe(0)
    expect(lastedMs).toBeGreaterThan(990)
    // Who came in the first half of the stop waited for the second half at least.
    const waited = responses(raw.result).countAbove((lastedMs / 2) * 1000)
    expect(waited).toBeGreaterThanOrEqual(plannedWithin(lastedMs / 2).fewest)
    // Of a run that was disturbed the experiment itself says that it tells nothing.
    if (!isConclusive) return
    // Arrivals of a second wait half a second on average.
    const expected = plannedWithin(lastedMs).fewest * (lastedMs / 1000 / 2)
    expect(figure('backlog')!).toBeGreaterThan(expected / 2)
    expect(figure('detect')!).toBeLessThanOrEqual(0.5 + raw.uncertainMs / 1000)
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
