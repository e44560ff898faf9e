import { isArray } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { boundedCache } from '../bounded-cache.ts'
import { codePointCount } from '../code-points.ts'
import { operandElementError, operandTypeError, stringOperand } from '../operands.ts'
import type { BuiltinCall } from '../types.ts'
import { compileGlob } from './compile.ts'
import { matchGlob } from './match.ts'

const GLOBS_MAX = 512

const cachedGlob = boundedCache(GLOBS_MAX, (key) => {
  const [pattern, delimiters] = JSON.parse(key) as [string, string[]]
  return compileGlob(pattern, delimiters)
})

/** The delimiters: `null` for none, an empty array for the dot. */
function delimitersOperand(args: readonly Value[], index: number): string[] {
  const value = args[index]!
  if (value === null) return []
  if (!isArray(value)) throw operandTypeError(index, value, 'array', 'null')
  const delimiters = value.map((item) => {
    if (typeof item !== 'string') throw operandElementError(index, value, item, 'string')
    if (codePointCount(item) !== 1) throw operandElementError(index, value, item, 'rune')
    return item
  })
  return delimiters.length === 0 ? ['.'] : delimiters
}

function match(args: readonly Value[]): boolean {
  const pattern = stringOperand(args, 0)
  const delimiters = delimitersOperand(args, 1)
  const text = stringOperand(args, 2)
  return matchGlob(cachedGlob(JSON.stringify([pattern, delimiters])), text)
}

/** Globs. */
export const GLOBS: Readonly<Record<string, BuiltinCall>> = {
  'glob.match': (_, args) => match(args),
  'glob.quote_meta': (_, args) => stringOperand(args, 0).replace(/[*?\\[\]{}]/g, '\\$&'),
}
