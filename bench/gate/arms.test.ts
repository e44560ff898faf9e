import { expect, test } from 'bun:test'
import { ARMS, armsOf, baselineOf } from './arms.ts'

const namesOf = (names?: readonly string[]): readonly string[] =>
  armsOf(names).map(({ name }) => name)

test('arms that are to be asked for run only when they are', () => {
  const byName = ARMS.filter(({ byName }) => byName === true).map(({ name }) => name)
  expect(byName).toContain('get-limits')
  expect(namesOf().filter((name) => byName.includes(name))).toEqual([])
  expect(namesOf(['get-limits'])).toEqual(['bare-get', 'get-limits'])
})

test('an arm comes with the bare server that gets the same requests', () => {
  expect(namesOf(['all', 'verify'])).toEqual(['bare', 'all', 'bare-get', 'verify'])
  for (const arm of ARMS) expect(baselineOf(arm).request).toBe(arm.request)
})
