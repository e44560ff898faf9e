import { afterEach, describe, expect, test } from 'bun:test'
import { plainAim } from '../../load/index.ts'
import { quietWorld } from '../../core/world.fixture.ts'
import { madeResult } from '../../load/result.fixture.ts'
import type { SyntheticServer } from '../../synthetic/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { ConnectionsOptions } from './options.ts'
import { connectionsExperiment } from './index.ts'

let server: SyntheticServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

const OPTIONS: ConnectionsOptions = {
  ...plainAim('http://127.0.0.1:1/'),
  steps: [20, 400],
  holdMs: 1000,
  rate: 300,
  timeoutMs: 5000,
  p99Ms: null,
  pid: null,
  sources: [],
  workers: 1,
}

const TENS = Array.from({ length: 2000 }, () => 10)

function outcome(
  peaks: readonly [connections: number, peak: number][],
  memory: readonly number[] = [],
) {
  const holdings = (residentBytes: number | undefined) =>
    residentBytes === undefined ? null : { residentBytes, handles: 0, threads: 1 }
  const rungs = peaks.map(([connections, connectionsPeak], at) => ({
    connections,
    result: madeResult({ responseMs: TENS, model: 'closed', changes: { connectionsPeak } }),
    before: holdings(memory[0]),
    during: holdings(memory[at + 1]),
  }))
  return connectionsExperiment.analyze(OPTIONS, { pid: 1, rungs }, 1)
}

describe('a ladder of connections', () => {
  test('all connections of a step are open at once and each is served', async () => {
    server = await startSyntheticServer()
    const options = { ...OPTIONS, target: `${server.url}/`, sources: ['127.0.0.2', '127.0.0.3'] }
    const raw = await connectionsExperiment.measure(options, quietWorld())
    expect(raw.pid).toBe(server.pid)
    expect(raw.rungs.map(({ result }) => result.connectionsPeak)).toEqual([20, 400])
    const { judgement, figures } = connectionsExperiment.analyze(options, raw, 1)
    expect(judgement.verdict).toBe('pass')
    expect(figures.find(({ name }) => name === 'connections.held')?.value).toBe(400)
    expect(figures.find(({ name }) => name === 'memory.per-connection')?.value).not.toBeNull()
  }, 30_000)

  test('memory for each connection is the slope over the steps', () => {
    const { figures } = outcome(
      [
        [1000, 1000],
        [2000, 2000],
      ],
      [50e6, 54e6, 58e6],
    )
    expect(figures.find(({ name }) => name === 'memory.per-connection')?.value).toBeCloseTo(4000, 0)
  })

  test('connections that did not come about fail the step, and memory that is unknown is not made up', () => {
    const { judgement, figures } = outcome([
      [1000, 1000],
      [2000, 1400],
    ])
    expect(judgement).toEqual({
      verdict: 'fail',
      reason: 'at 2000 connections: only 1400 of 2000 were open at once',
    })
    expect(figures.find(({ name }) => name === 'connections.held')?.value).toBe(1000)
    expect(figures.find(({ name }) => name === 'memory.per-connection')?.value).toBeNull()
  })
})
