import { describe, expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createVerdictCache } from './verdict-cache.ts'

interface Made {
  readonly entriesMax?: number
  readonly isAuto?: boolean
  /** How long one decision takes by the clock. */
  costMs?: number
}

function make({ entriesMax = 10, isAuto = false, costMs = 0 }: Made = {}) {
  const clock = createManualClock()
  const asked: string[] = []
  const state = { answer: 'allow', costMs }
  const ask = createVerdictCache<string, string>({
    keyOf: (question) => (question === '' ? undefined : question),
    decide(question) {
      asked.push(question)
      clock.advance(state.costMs)
      return state.answer
    },
    mayKeep: (answer) => answer !== 'failed',
    entriesMax,
    isAuto,
    monotonicMs: clock.monotonicMs,
  })
  return { ask, asked, clock, state }
}

test('a verdict is asked for once', () => {
  const { ask, asked } = make()
  expect([ask('a'), ask('a'), ask('b')]).toEqual(['allow', 'allow', 'allow'])
  expect(asked).toEqual(['a', 'b'])
})

describe('an ALLOW never outlives ten minutes', () => {
  test.each([0, 1, 149, 299, 301, 450, 599])('remembered after %d seconds', (seconds) => {
    const { ask, clock, state } = make()
    clock.advance(seconds * 1000)
    ask('a')
    state.answer = 'refuse'
    clock.advance(600_000)
    expect(ask('a')).toBe('refuse')
  })

  test('however often it is asked for', () => {
    const { ask, clock, state } = make()
    ask('a')
    state.answer = 'refuse'
    const answers = Array.from({ length: 600 }, () => {
      clock.advance(1000)
      return ask('a')
    })
    expect(answers[200]).toBe('allow')
    expect(answers.at(-1)).toBe('refuse')
  })

  test('also when the wall clock is set back', () => {
    const { ask, clock, state } = make()
    ask('a')
    state.answer = 'refuse'
    clock.advance(600_000)
    clock.setWall(0)
    expect(ask('a')).toBe('refuse')
  })
})

test('failures and questions without a key are not remembered', () => {
  const { ask, asked, state } = make()
  state.answer = 'failed'
  ask('a')
  state.answer = 'allow'
  expect(ask('a')).toBe('allow')
  ask('')
  ask('')
  expect(asked).toEqual(['a', 'a', '', ''])
})

test('strangers cannot fill the memory: the oldest half goes when there are too many', () => {
  const { ask, asked } = make({ entriesMax: 4 })
  for (const question of ['a', 'b', 'c', 'd', 'e']) ask(question)
  asked.length = 0
  for (const question of ['e', 'd', 'a']) ask(question)
  expect(asked).toEqual(['a'])
})

describe('where it is left to the cache', () => {
  const warm = (ask: (question: string) => string): void => {
    for (let count = 0; count < 32 * 31; count += 1) ask(`warm${count}`)
  }

  test('cheap decisions are made each time', () => {
    const { ask, asked } = make({ isAuto: true, costMs: 0.0004 })
    warm(ask)
    asked.length = 0
    ask('a')
    ask('a')
    expect(asked).toEqual(['a', 'a'])
  })

  test('dear ones are remembered, until they are cheap again', () => {
    const { ask, asked, state } = make({ isAuto: true, costMs: 0.05, entriesMax: 100_000 })
    warm(ask)
    asked.length = 0
    ask('a')
    ask('a')
    expect(asked).toEqual(['a'])
    state.costMs = 0.0001
    for (let count = 0; count < 32 * 31; count += 1) ask(`other${count}`)
    asked.length = 0
    ask('a')
    ask('a')
    expect(asked).toEqual(['a', 'a'])
  })
})
