import type { Block } from './ir.ts'

/** Whether a block may succeed more than once. */
export function searches(block: Block): boolean {
  return block.some(
    (step) =>
      step.op === 'each' ||
      step.op === 'veach' ||
      step.op === 'solutions' ||
      (step.op === 'with' && step.many),
  )
}

/** How many loops a block has, not counting those in blocks inside it. */
export function loops(block: Block): number {
  let count = 0
  for (const step of block) {
    if (step.op === 'each' || step.op === 'veach' || step.op === 'solutions') count++
    else if (step.op === 'with') count += loops(step.block)
  }
  return count
}
