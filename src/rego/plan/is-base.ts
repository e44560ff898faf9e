import type { Expr } from './ir.ts'

/** Whether an expression gives a part of the base documents, which stay the same from query to query. */
export const isBase = (expr: Expr): boolean =>
  expr.op === 'data' ||
  (expr.op === 'slot' && expr.base === true) ||
  (expr.op === 'get' && isBase(expr.base))

/** Built-ins that walk the graph in their first argument. */
export const WALKS: ReadonlySet<string> = new Set(['graph.reachable', 'graph.reachable_paths'])
