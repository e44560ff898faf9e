import type { ComprehensionTerm } from '../compile/core.ts'
import type { Grouping } from './ir.ts'
import type { BodyPlanner } from './plan-body.ts'

/** Plans a comprehension index, where one is possible and saves work. */
export function planGrouping(_body: BodyPlanner, _term: ComprehensionTerm): Grouping | undefined {
  return undefined
}
