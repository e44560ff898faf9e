import { describe, expect, test } from 'bun:test'
import { EXIT_CODE, worst } from './verdict.ts'

describe('verdicts', () => {
  test('a failure outweighs an open question, which outweighs a pass', () => {
    const pass = { verdict: 'pass', reason: 'a' } as const
    const open = { verdict: 'inconclusive', reason: 'b' } as const
    const fail = { verdict: 'fail', reason: 'c' } as const
    expect(worst([pass, open])).toBe(open)
    expect(worst([open, fail, pass])).toBe(fail)
    expect(worst([pass])).toBe(pass)
  })

  test('nothing measured is never a pass', () => {
    expect(worst([]).verdict).toBe('inconclusive')
  })

  test('exit codes tell the three apart', () => {
    expect(EXIT_CODE).toEqual({ pass: 0, fail: 6, inconclusive: 7 })
  })
})
