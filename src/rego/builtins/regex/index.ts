import type { Value } from '../../values/index.ts'
import { utf8Bytes } from '../encoding/text-bytes.ts'
import { intOperand, stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import { haveCommonString } from './glob-intersection.ts'
import { compilePattern, compileProgram } from './pattern.ts'
import { findAll, replaceMatches, splitAt } from './search.ts'
import { templatePattern } from './template.ts'

export { compilePattern } from './pattern.ts'
export type { CompiledPattern } from './pattern.ts'

type Args = readonly Value[]

function isValid(pattern: Value): boolean {
  if (typeof pattern !== 'string') return false
  try {
    compileProgram(pattern)
    return true
  } catch {
    return false
  }
}

function matchTemplate(args: Args): boolean {
  const [start, end] = [stringOperand(args, 2), stringOperand(args, 3)]
  const startLength = utf8Bytes(start).length
  for (const [name, delimiter] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (utf8Bytes(delimiter).length !== 1) {
      throw new BuiltinError(
        `${name} delimiter has to be exactly one character long but is ${startLength} long`,
      )
    }
  }
  return compilePattern(templatePattern(stringOperand(args, 0), start, end)).test(
    stringOperand(args, 1),
  )
}

const match: BuiltinCall = (_, args) => {
  const pattern = stringOperand(args, 0)
  return compilePattern(pattern).test(stringOperand(args, 1))
}

/** Regular expressions of RE2's syntax. */
export const REGULAR_EXPRESSIONS: Readonly<Record<string, BuiltinCall>> = {
  'regex.match': match,
  re_match: match,
  'regex.is_valid': (_, args) => isValid(args[0]!),
  'regex.split': (_, args) =>
    splitAt(compileProgram(stringOperand(args, 0)), stringOperand(args, 1)),
  'regex.find_n': (_, args) =>
    findAll(
      compileProgram(stringOperand(args, 0)),
      stringOperand(args, 1),
      intOperand(args, 2),
    ).map(({ groups }) => groups[0] ?? ''),
  'regex.find_all_string_submatch_n': (_, args) =>
    findAll(
      compileProgram(stringOperand(args, 0)),
      stringOperand(args, 1),
      intOperand(args, 2),
    ).map(({ groups }) => groups.map((group) => group ?? '')),
  'regex.replace': (_, args) =>
    replaceMatches(
      compileProgram(stringOperand(args, 1)),
      stringOperand(args, 0),
      stringOperand(args, 2),
    ),
  'regex.template_match': (_, args) => matchTemplate(args),
  'regex.globs_match': (_, args) =>
    haveCommonString(stringOperand(args, 0), stringOperand(args, 1)),
}
