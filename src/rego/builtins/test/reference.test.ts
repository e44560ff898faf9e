import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { parseJson, stringifyJson } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../index.ts'
import { call } from './support.ts'

/** A call and OPA 1.20.2's answer to it; without an answer, OPA's result was an error or undefined. */
interface Case {
  readonly call: string
  readonly args: readonly Value[]
  readonly answer?: Value
}

const FOLDER = new URL('./reference/', import.meta.url)

function answerOf({ call: name, args }: Case): string | undefined {
  try {
    const answer = call(name, args)
    return answer === undefined ? undefined : stringifyJson(answer)
  } catch (error) {
    if (error instanceof BuiltinError) return undefined
    throw error
  }
}

describe('built-ins answer as OPA does', () => {
  for (const file of readdirSync(FOLDER).toSorted()) {
    const lines = readFileSync(new URL(file, FOLDER), 'utf8').trim().split('\n')
    const cases = lines.map((line) => parseJson(line) as unknown as Case)
    test(`${file.replace('.jsonl', '')}: ${cases.length} recorded calls`, () => {
      const differing = cases.flatMap((item) => {
        const expected = item.answer === undefined ? undefined : stringifyJson(item.answer)
        const actual = answerOf(item)
        return actual === expected
          ? []
          : [{ call: item.call, args: stringifyJson(item.args), expected, actual }]
      })
      expect(differing).toEqual([])
    })
  }
})
