import { RSet, toTermText } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'

const UNDEFINED = '<undefined>'

/** A value as printed text: strings without quotes, everything else as a term. */
export function displayText(value: Value): string {
  return typeof value === 'string' ? value : toTermText(value)
}

/**
 * Joins the parts of a template string. A part that is a set holds the solutions of an expression: an empty one renders
 * as `<undefined>`.
 */
export function renderTemplateString(parts: readonly Value[]): string {
  return parts
    .map((part) => {
      if (!(part instanceof RSet)) return displayText(part)
      if (part.size > 1)
        throw new BuiltinError('template-strings must not produce multiple outputs')
      const only = part.values()[0]
      return only === undefined ? UNDEFINED : displayText(only)
    })
    .join('')
}

/** The lines that `print` writes: one for each combination of the solutions of its operands. */
export function printLines(operands: readonly Value[]): string[] {
  const choices = operands.map((operand) => {
    if (!(operand instanceof RSet)) return [displayText(operand)]
    return operand.size === 0 ? [UNDEFINED] : operand.values().map(displayText)
  })
  return choices
    .reduce<string[][]>(
      (lines, words) => lines.flatMap((line) => words.map((word) => [...line, word])),
      [[]],
    )
    .map((words) => words.join(' '))
}
