import type { Expr, Step } from './ir.ts'

/** Whether an expression reads one place of the input or the base documents, which cannot fail with an error. */
const isPlace = (expr: Expr): boolean =>
  expr.op === 'input' ||
  expr.op === 'data' ||
  (expr.op === 'get' && expr.key.op === 'const' && isPlace(expr.base))

/** Whether computing an expression has no effect but its value, and cannot fail with an error. */
const isQuiet = (expr: Expr): boolean =>
  expr.op === 'const' ||
  expr.op === 'slot' ||
  expr.op === 'input' ||
  expr.op === 'data' ||
  (expr.op === 'get' && isQuiet(expr.base) && isQuiet(expr.key))

/**
 * Moves reads of the input and base documents at the beginning of a loop out of it: they find the same in each
 * iteration, and if they find nothing, no iteration succeeds.
 */
export function hoistReads(steps: readonly Step[]): readonly Step[] {
  const moved: Step[] = []
  for (const step of steps) {
    const at = step.op === 'let' && isPlace(step.expr) ? loopBefore(moved) : -1
    if (at === -1) moved.push(step)
    else moved.splice(at, 0, step)
  }
  return moved
}

/** Where the outermost loop begins that steps can be moved out of; -1 if there is none. */
function loopBefore(steps: readonly Step[]): number {
  let at = -1
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!
    if (step.op === 'each' && isQuiet(step.expr)) at = i
    else if (step.op !== 'let' || !isQuiet(step.expr)) break
  }
  return at
}
