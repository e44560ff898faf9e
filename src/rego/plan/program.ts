import type { CoreLiteral, CoreTerm, Local } from '../compile/core.ts'
import type { RuleTree } from '../compile/tree.ts'
import type { Source } from '../syntax/source.ts'
import { CoveragePoints } from './coverage-points.ts'
import type { Branch, Expr, Group, Reads } from './ir.ts'
import { BodyPlanner } from './plan-body.ts'
import { Planner } from './planner.ts'
import { analyzeReads } from './reads.ts'
import type { Targets } from './targets.ts'

/** Everything a back end needs to answer one query. */
export interface Program {
  readonly planner: Planner
  readonly groups: readonly Group[]
  readonly targets: Targets
  /** The query; its result is an array of the values of its variables, or the value of its term. */
  readonly entry: Branch
  readonly names: readonly string[]
  readonly reads: Reads
  readonly coverage: CoveragePoints | undefined
}

/** A query that has been lowered and ordered. */
export interface LoweredQuery {
  readonly source: Source
  readonly body: readonly CoreLiteral[]
  /** The term whose value is wanted; without it, the bindings of `variables` are. */
  readonly value?: CoreTerm
  readonly variables: readonly (readonly [name: string, local: Local])[]
}

/** Plans a query with all the rules it needs. */
export function planProgram(tree: RuleTree, query: LoweredQuery, withCoverage: boolean): Program {
  const coverage = withCoverage ? new CoveragePoints() : undefined
  const planner = new Planner(tree, coverage)
  const body = new BodyPlanner(planner, query.source, undefined, undefined, true)
  body.planBody(query.body)
  let value: Expr
  if (query.value !== undefined) value = body.operand(query.value)
  else
    value = {
      op: 'array',
      items: query.variables.map(([, local]) => ({ op: 'slot', slot: body.bound.get(local)! })),
    }
  planner.finish()
  const entry: Branch = { block: body.steps, value, keys: [], slots: body.slotCount }
  const reads = analyzeReads(planner, entry)
  return {
    planner,
    groups: [...planner.needed],
    targets: planner.targets,
    entry,
    names: query.variables.map(([name]) => name),
    reads,
    coverage,
  }
}
