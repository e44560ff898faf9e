import { describe, expect, test } from 'bun:test'
import type { Experiment, ExperimentRecord, Json, LabRecord, Outcome } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import { judgeRecord } from '../run/index.ts'
import { readRecord, replay } from './index.ts'
import { experimentRecord, labRecord } from './record.fixture.ts'

/** Doubles what it saw: as simple as an analysis can be. */
const doubling: Experiment<Json, Json> = {
  kind: 'doubling',
  title: 'Doubling',
  measure: () => Promise.resolve({ seen: 21 }),
  analyze: (_options, raw): Outcome => ({
    judgement: { verdict: 'pass', reason: 'it doubled' },
    figures: [
      {
        name: 'twice',
        label: 'twice',
        unit: 'count',
        value: 2 * (raw as { seen: number }).seen,
      },
    ],
    exhibits: [],
    notes: [],
    trust: {},
  }),
}

const stored = experimentRecord({
  kind: 'doubling',
  raw: { seen: 21 },
  outcome: doubling.analyze({}, { seen: 21 }, 1),
})
const find = (kind: string) => Promise.resolve(kind === 'doubling' ? doubling : undefined)
const keep = { settle: (outcome: Outcome) => outcome, judge: judgeRecord }
const recordOf = (experiment: ExperimentRecord, changes: Partial<LabRecord> = {}) =>
  labRecord({
    experiments: [experiment],
    claims: [],
    judgement: stored.outcome.judgement,
    ...changes,
  })

describe('replay', () => {
  test('agrees with a record that was left alone', async () => {
    const result = await replay(recordOf(stored), find, keep)
    expect(result.differences).toEqual([])
    expect(result.agreeing).toBeGreaterThan(4)
  })

  test('finds an edited figure, and an edited verdict', async () => {
    const [figure] = stored.outcome.figures
    const outcome: Outcome = {
      ...stored.outcome,
      judgement: { verdict: 'fail', reason: 'it doubled' },
      figures: [{ ...figure!, value: 43 }],
    }
    const result = await replay(recordOf({ ...stored, outcome }), find, keep)
    expect(result.differences).toEqual([
      { path: 'experiments[0].outcome.judgement.verdict', recorded: 'fail', recomputed: 'pass' },
      { path: 'experiments[0].outcome.figures[0].value', recorded: 43, recomputed: 42 },
    ])
  })

  test('finds edited raw data, and a figure that was taken out', async () => {
    const edited = { ...stored, raw: { seen: 20 } }
    const bare = { ...stored, outcome: { ...stored.outcome, figures: [] } }
    for (const experiment of [edited, bare]) {
      const result = await replay(recordOf(experiment), find, keep)
      expect(result.differences).not.toEqual([])
    }
  })

  test('finds an edited verdict of the whole, by experiments and by claims', async () => {
    const [claim] = labRecord().claims
    const edited = { verdict: 'inconclusive', reason: 'who knows' } as const
    const whole = await replay(recordOf(stored, { judgement: edited }), find, keep)
    expect(whole.differences.map(({ path }) => path)).toEqual([
      'judgement.verdict',
      'judgement.reason',
    ])
    const claims = [{ ...claim!, status: 'fail' as const }]
    const claimed = await replay(recordOf(stored, { claims }), find, keep)
    expect(claimed.differences[0]).toEqual({
      path: 'judgement.verdict',
      recorded: 'pass',
      recomputed: 'fail',
    })
  })

  test('says of raw data that nothing can be computed from which they are', async () => {
    const broken = replay(recordOf({ ...stored, raw: null }), find, keep)
    expect(String(await broken.catch((error: unknown) => error))).toMatch(
      /^LabError: the raw data of ".+" cannot be analyzed: /,
    )
  })

  test('says which kinds it cannot check', async () => {
    const result = await replay(labRecord(), find, keep)
    expect(result).toEqual({ agreeing: 0, differences: [], unknownKinds: ['overhead', 'load'] })
  })
})

describe('readRecord', () => {
  test('reads what was written', () => {
    expect(readRecord(JSON.stringify(labRecord()), 'a.json')).toEqual(labRecord())
  })

  test.each([
    ['{', 'a.json is not JSON'],
    ['[]', 'not a record of the lab'],
    ['{"format":"tollgate-lab/9"}', 'has the format "tollgate-lab/9"'],
    ['{"format":"tollgate-lab/1","claims":[]}', 'a.json lacks experiments, versions'],
  ])('refuses %p', (text, message) => {
    expect(() => readRecord(text, 'a.json')).toThrow(LabError)
    expect(() => readRecord(text, 'a.json')).toThrow(message)
  })
})
