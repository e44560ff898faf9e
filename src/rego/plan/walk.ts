import type { Block, Branch, Expr, Step } from './ir.ts'

/** Called for every expression and step, at any depth. */
export interface PlanVisitor {
  expr?(expr: Expr): void
  step?(step: Step): void
}

/** Visits a block. */
export function walkBlock(block: Block, visitor: PlanVisitor): void {
  for (const step of block) walkStep(step, visitor)
}

function walkStep(step: Step, visitor: PlanVisitor): void {
  visitor.step?.(step)
  switch (step.op) {
    case 'let':
    case 'test':
    case 'is-array':
    case 'is-object':
    case 'each':
    case 'veach':
    case 'solutions':
      walkExpr(step.expr, visitor)
      break
    case 'equal':
      walkExpr(step.left, visitor)
      walkExpr(step.right, visitor)
      break
    case 'not':
      walkBlock(step.block, visitor)
      break
    case 'collect':
      walkBlock(step.block, visitor)
      if (step.key !== undefined) walkExpr(step.key, visitor)
      walkExpr(step.value, visitor)
      if (step.grouping !== undefined) {
        walkBlock(step.grouping.block, visitor)
        walkExpr(step.grouping.value, visitor)
      }
      break
    case 'with':
      for (const change of step.changes) if ('value' in change) walkExpr(change.value, visitor)
      walkBlock(step.block, visitor)
      break
    case 'cover':
    case 'fail':
    default:
      break
  }
}

function walkExpr(expr: Expr, visitor: PlanVisitor): void {
  visitor.expr?.(expr)
  switch (expr.op) {
    case 'get':
    case 'vget':
      walkExpr(expr.base, visitor)
      walkExpr(expr.key, visitor)
      break
    case 'force':
      walkExpr(expr.base, visitor)
      break
    case 'array':
    case 'set':
      for (const item of expr.items) walkExpr(item, visitor)
      break
    case 'object':
      for (const pair of expr.entries) for (const part of pair) walkExpr(part, visitor)
      break
    case 'builtin':
    case 'call':
      for (const arg of expr.args) walkExpr(arg, visitor)
      break
    case 'find':
      for (const key of expr.keys) walkExpr(key, visitor)
      break
    case 'const':
    case 'data':
    case 'input':
    case 'node':
    case 'rule':
    case 'slot':
    default:
      break
  }
}

/** Visits a body with its value and keys. */
export function walkBranch(branch: Branch, visitor: PlanVisitor): void {
  walkBlock(branch.block, visitor)
  walkExpr(branch.value, visitor)
  for (const key of branch.keys) walkExpr(key, visitor)
}
