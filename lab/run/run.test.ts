import { describe, expect, test } from 'bun:test'
import type { Experiment, Outcome, Progress, Trust } from '../core/index.ts'
import { repeatCommand } from './command-line.ts'
import { runExperiment, settle, toLabRecord } from './index.ts'
import { redactHeaders, redactLine } from './redact.ts'

const silent: Progress = { step: () => undefined, note: () => undefined, live: () => undefined }

const outcome = (verdict: 'fail' | 'inconclusive' | 'pass'): Outcome => ({
  judgement: { verdict, reason: 'seen' },
  figures: [],
  exhibits: [],
  notes: [],
  trust: { floor: 0.01, discarded: [{ reason: 'stalled', count: 2 }] },
})

type Options = {
  readonly verdict: 'fail' | 'pass'
  readonly headers: Readonly<Record<string, string>>
}

const echo: Experiment<Options, number> = {
  kind: 'echo',
  title: 'Echo',
  measure: async (_options, { random }) => random.below(1000),
  analyze: ({ verdict }) => outcome(verdict),
}

const contextOf = (argv: readonly string[]) => ({
  seed: 5,
  argv,
  monotonicMs: () => performance.now(),
  wallMs: () => Date.UTC(2026, 10, 21),
  signal: new AbortController().signal,
  progress: silent,
})

describe('a run', () => {
  const options: Options = { verdict: 'pass', headers: { authorization: 'Bearer secret' } }

  test('its record holds what was asked and seen, and how to repeat it, without secrets', async () => {
    const argv = ['echo', '--header', 'Authorization: Bearer secret', '--out', "it's.json"]
    const run = await runExperiment(echo, options, contextOf(argv))
    expect(run.command).toBe(
      "tollgate lab echo --header 'Authorization: …' --out 'it'\\''s.json' --seed 5",
    )
    const record = toLabRecord([run], { title: 'Echo', target: '', seed: 5, argv })
    expect(JSON.stringify(record)).not.toContain('secret')
    expect(record.startedAt).toBe('2026-11-21T00:00:00.000Z')
    expect(record.experiments[0]?.trust.floor).toBe(0.01)
    expect(record.experiments[0]?.trust.discarded).toEqual([{ reason: 'stalled', count: 2 }])
  })

  test('the same seed measures with the same choices', async () => {
    const first = await runExperiment(echo, options, contextOf([]))
    const second = await runExperiment(echo, options, contextOf([]))
    expect(second.raw).toBe(first.raw)
  })

  test('a claim without evidence keeps the whole from passing', async () => {
    const run = await runExperiment(echo, options, contextOf([]))
    const claim = {
      id: 'c',
      text: 'fast',
      budget: '',
      measured: '',
      reason: 'no evidence',
    } as const
    const claims = [{ ...claim, status: 'unknown', evidence: [], group: 'claim' } as const]
    const head = { title: '', target: '', seed: 5, argv: [], claims }
    expect(toLabRecord([run], head).judgement.verdict).toBe('inconclusive')
  })
})

describe('settling', () => {
  const trust = (grade: Trust['grade']): Trust => ({
    grade,
    foreignCores: 1.8,
    cpuPressure: 1,
    lagP99Ms: null,
    generatorCores: null,
    floor: null,
    discarded: [],
    warnings: [],
  })

  test.each(['pass', 'fail'] as const)('on an unusable machine nothing is a %s', (verdict) => {
    expect(settle(outcome(verdict), trust('unusable')).judgement.verdict).toBe('inconclusive')
    expect(settle(outcome(verdict), trust('noisy')).judgement.verdict).toBe(verdict)
  })
})

describe('hiding', () => {
  test('values of headers are hidden wherever they stand; harmless ones are not', () => {
    expect(
      redactHeaders({
        header: 'X-Key: abc',
        arms: [
          {
            url: 'http://a/',
            headers: [
              ['Cookie', 'id=1'],
              ['accept', '*/*'],
            ],
          },
        ],
        headers: { 'content-type': 'text/plain', 'x-api-key': 'abc' },
      }),
    ).toEqual({
      header: 'X-Key: …',
      arms: [
        {
          url: 'http://a/',
          headers: [
            ['Cookie', '…'],
            ['accept', '*/*'],
          ],
        },
      ],
      headers: { 'content-type': 'text/plain', 'x-api-key': '…' },
    })
    expect(redactLine('accept: text/html')).toBe('accept: text/html')
  })

  test('every way to write a header in a command line is hidden', () => {
    const argv = ['load', '-H', 'A: secret', '--header=B: secret', '-HC: secret', '--seed=3']
    expect(repeatCommand(argv, 9)).not.toContain('secret')
    expect(repeatCommand(argv, 9)).not.toContain('--seed 9')
  })

  test('tokens of callers are hidden however they are given, and nothing else is', () => {
    const said = repeatCommand(['cache', '--callers', 'secret,secret', '--keys', '10'], 9)
    expect(said).toBe("tollgate lab cache --callers '…' --keys 10 --seed 9")
    expect(repeatCommand(['cache', '--callers=secret,secret'], 9)).not.toContain('secret')
  })
})
