import { describe, expect, test } from 'bun:test'
import type { Experiment, Json, Outcome } from '../core/index.ts'
import { LabError } from '../core/index.ts'
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
const keep = (outcome: Outcome) => outcome

describe('replay', () => {
  test('agrees with a record that was left alone', async () => {
    const result = await replay(labRecord({ experiments: [stored] }), find, keep)
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
    const result = await replay(labRecord({ experiments: [{ ...stored, outcome }] }), find, keep)
    expect(result.differences).toEqual([
      { path: 'experiments[0].outcome.judgement.verdict', recorded: 'fail', recomputed: 'pass' },
      { path: 'experiments[0].outcome.figures[0].value', recorded: 43, recomputed: 42 },
    ])
  })

  test('finds edited raw data, and a figure that was taken out', async () => {
    const edited = { ...stored, raw: { seen: 20 } }
    const bare = { ...stored, outcome: { ...stored.outcome, figures: [] } }
    for (const experiment of [edited, bare]) {
      const result = await replay(labRecord({ experiments: [experiment] }), find, keep)
      expect(result.differences).not.toEqual([])
    }
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
