import { describe, expect, test } from 'bun:test'
import { COARSE_BITS, createHistogram } from '../../histogram/index.ts'
import type { LoadResult, WindowData } from '../../load/index.ts'
import { madeResult } from '../../load/result.fixture.ts'
import { analyzeFaults } from './analyze.ts'
import { FAULTS_OPTIONS } from './faults-options.fixture.ts'
import type { FaultsOptions } from './options.ts'
import { readRecovery } from './recovery.ts'

/** A window of 30 planned requests in a quiet run; what is given is different. */
interface MadeWindow {
  readonly ms?: number
  readonly failed?: number
  readonly inFlight?: number
}

const PLANNED = 30

function windowOf({ ms = 5, failed = 0, inFlight = 1 }: MadeWindow): WindowData {
  const response = createHistogram(COARSE_BITS)
  response.recordMany(ms * 1000, PLANNED - failed)
  const completed = PLANNED - failed
  return {
    planned: PLANNED,
    failed,
    completed,
    inFlight,
    lagMaxUs: 100,
    response: response.toJSON(),
  }
}

/** Six seconds in windows of 250 ms: the windows named differ, all others are quiet. */
function course(windows: Readonly<Record<number, MadeWindow>>, lagMs = 0.1): LoadResult {
  return madeResult({
    seconds: 6,
    responseMs: Array.from({ length: 24 * PLANNED }, () => 5),
    lagMs,
    changes: { windows: Array.from({ length: 24 }, (_, at) => windowOf(windows[at] ?? {})) },
  })
}

/** Stopped from 2.5 s to 3.5 s: whoever comes waits for the end. */
const STOPPED: Readonly<Record<number, MadeWindow>> = {
  10: { ms: 1000, inFlight: 31 },
  11: { ms: 750, inFlight: 61 },
  12: { ms: 500, inFlight: 91 },
  13: { ms: 250, inFlight: 121 },
}
const CUT: Readonly<Record<number, MadeWindow>> = {
  10: { failed: 30 },
  11: { failed: 30 },
  12: { failed: 30 },
  13: { failed: 30 },
}

describe('what the course of a run says of a fault', () => {
  test('a stop: nothing is lost, it is seen in its first window, and its backlog has a size', () => {
    const recovery = readRecovery(course(STOPPED), 2500, 3500)
    expect(recovery.isBaselineClean).toBe(true)
    expect(recovery.lost).toBe(0)
    expect(recovery.exposed).toBe(4 * PLANNED)
    expect(recovery.detectMs).toBe(250)
    expect(recovery.recoverMs).toBe(0)
    expect(recovery.backlogSeconds).toBeCloseTo((30 + 60 + 90 + 120) / 4, 6)
  })

  test('a cut: what failed is lost, and times count from the fault, wherever in a window it came', () => {
    const recovery = readRecovery(course(CUT), 2600, 3400)
    expect(recovery.lost).toBe(120)
    expect(recovery.exposed).toBe(120)
    expect(recovery.detectMs).toBe(150)
    expect(recovery.recoverMs).toBe(100)
    expect(recovery.backlogSeconds).toBe(0)
  })

  test('what was under way when the fault came is lost to it, and no failure before it', () => {
    const recovery = readRecovery(course({ ...CUT, 9: { failed: 2 } }), 2501, 3500)
    expect(recovery.isBaselineClean).toBe(true)
    expect(recovery.lost).toBe(122)
    const earlier = readRecovery(course({ ...CUT, 8: { failed: 1 } }), 2501, 3500)
    expect(earlier.isBaselineClean).toBe(false)
  })

  test('recovered is what stays as before; two windows are no recovery, nor is the end of the run', () => {
    const again = readRecovery(course({ ...STOPPED, 16: { ms: 300 } }), 2500, 3500)
    expect(again.recoverMs).toBe(17 * 250 - 3500)
    const never = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [10 + at, { failed: 1 }]),
    )
    expect(readRecovery(course(never), 2500, 3500).recoverMs).toBeNull()
  })

  test('a fault that nobody saw', () => {
    const recovery = readRecovery(course({}), 2500, 3500)
    expect([recovery.detectMs, recovery.recoverMs, recovery.lost]).toEqual([null, 0, 0])
  })
})

const OPTIONS: FaultsOptions = {
  ...FAULTS_OPTIONS,
  timeoutMs: 10_000,
  recoverWithinMs: 500,
  lostShareMax: 0.5,
}

function verdictOn(
  result: LoadResult,
  changes: Partial<FaultsOptions> = {},
  uncertainMs = 1,
): readonly [string, string] {
  const raw = { result, uncertainMs, injectedMs: 2500, clearedMs: 3500 }
  const { verdict, reason } = analyzeFaults({ ...OPTIONS, ...changes }, raw, 1).judgement
  return [verdict, reason ?? '']
}

describe('the judgement', () => {
  test('holds what was allowed against what was seen', () => {
    expect(verdictOn(course(STOPPED))[0]).toBe('pass')
    expect(verdictOn(course(CUT), { fault: 'cut' })).toEqual([
      'fail',
      '120 requests were lost, 100.0 % of those it met',
    ])
    const late = course({ ...STOPPED, 14: { ms: 400 }, 15: { ms: 400 }, 16: { ms: 400 } })
    expect(verdictOn(late)).toEqual(['fail', 'it took 0.75 s to recover, 0.5 s were allowed'])
  })

  test('is none where the run cannot tell', () => {
    const unsteady = course({ ...STOPPED, 6: { ms: 900 } })
    expect(verdictOn(unsteady)[0]).toBe('inconclusive')
    expect(verdictOn(unsteady)[1]).toContain('hardly stands out')
    expect(verdictOn(course(STOPPED, 50))[1]).toContain('the generator was late')
    expect(verdictOn(course(STOPPED), {}, 400)[1]).toContain('the load began within 400 ms')
    const failing = course({ ...STOPPED, 5: { failed: 1 } })
    expect(verdictOn(failing)[1]).toContain('failed before the fault')
  })
})
