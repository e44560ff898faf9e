import type { Expr } from './ir.ts'
import type { Planner } from './planner.ts'

/** Whether the value of an expression is an array, an object or a set. */
export function isCollection(expr: Expr, planner: Planner): Expr {
  return {
    op: 'builtin',
    builtin: planner.isCollection,
    args: [expr],
    site: { file: '', row: 0, col: 0 },
  }
}
