import { quoteString } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { compileProgram, quoteMeta } from './pattern.ts'

/**
 * The pattern of a template in which delimiters enclose regular expressions: `urn:{[a-z]+}:x`. Everything outside the
 * outermost delimiters is literal; the whole text must match.
 * @throws BuiltinError for unbalanced delimiters and invalid patterns.
 */
export function templatePattern(template: string, start: string, end: string): string {
  let pattern = '^'
  let last = 0
  for (const [from, to] of delimited(template, start, end)) {
    const inner = template.slice(from + 1, to - 1)
    compileProgram(`^${inner}$`)
    pattern += `${quoteMeta(template.slice(last, from))}(${inner})`
    last = to
  }
  return `${pattern}${quoteMeta(template.slice(last))}$`
}

/** Where the outermost delimited pieces begin and end. */
function delimited(template: string, start: string, end: string): [number, number][] {
  const pieces: [number, number][] = []
  const unbalanced = (): BuiltinError =>
    new BuiltinError(`unbalanced braces in ${quoteString(template)}`)
  let level = 0
  let from = 0
  for (let i = 0; i < template.length; i++) {
    if (template[i] === start) {
      if (++level === 1) from = i
    } else if (template[i] === end) {
      if (--level === 0) pieces.push([from, i + 1])
      if (level < 0) throw unbalanced()
    }
  }
  if (level !== 0) throw unbalanced()
  return pieces
}
