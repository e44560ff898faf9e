import type { Block, Change, Step } from '../plan/ir.ts'
import { isObjectOf } from '../runtime/get.ts'
import { someEntry } from '../runtime/iterate.ts'
import { Grouped } from '../runtime/grouped.ts'
import { ObjectBuilder } from '../runtime/partial.ts'
import { same } from '../runtime/operators.ts'
import { virtualSome } from '../runtime/virtual.ts'
import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { linkExpr } from './exprs.ts'
import type { Frame, Linker } from './exprs.ts'

/** Continues the search; `true` ends it. */
export type Action = (frame: Frame) => boolean

/** Turns steps into one closure that calls `done` for each success. */
export function linkBlock(linker: Linker, block: Block, done: Action): Action {
  let next = done
  for (let i = block.length - 1; i >= 0; i--) next = linkStep(linker, block[i]!, next)
  return next
}

function linkStep(linker: Linker, step: Step, next: Action): Action {
  switch (step.op) {
    case 'let': {
      const expr = linkExpr(linker, step.expr)
      const { slot } = step
      return (frame) => {
        const value = expr(frame)
        if (value === undefined) return false
        frame[slot] = value
        return next(frame)
      }
    }
    case 'test': {
      const expr = linkExpr(linker, step.expr)
      return (frame) => {
        const value = expr(frame)
        return value !== undefined && value !== false && next(frame)
      }
    }
    case 'equal': {
      const [left, right] = [linkExpr(linker, step.left), linkExpr(linker, step.right)]
      return (frame) => {
        const [a, b] = [left(frame), right(frame)]
        return a !== undefined && b !== undefined && same(a, b) && next(frame)
      }
    }
    case 'is-array': {
      const expr = linkExpr(linker, step.expr)
      const { length } = step
      return (frame) => {
        const value = expr(frame)
        return Array.isArray(value) && value.length === length && next(frame)
      }
    }
    case 'is-object': {
      const expr = linkExpr(linker, step.expr)
      const { size } = step
      return (frame) => isObjectOf(expr(frame), size) && next(frame)
    }
    case 'fail':
      return () => false
    case 'not': {
      const inner = linkBlock(linker, step.block, () => true)
      return (frame) => !inner(frame) && next(frame)
    }
    case 'cover': {
      const { hits } = linker.machine
      const { point } = step
      return (frame) => {
        hits[point] = (hits[point] ?? 0) + 1
        return next(frame)
      }
    }
    case 'each':
      return linkEach(linker, step, next)
    case 'veach':
      return linkVirtualEach(linker, step, next)
    case 'solutions':
      return linkSolutions(linker, step, next)
    case 'collect':
      return linkCollect(linker, step, next)
    case 'with':
    default:
      return linkWith(linker, step, next)
  }
}

function linkEach(linker: Linker, step: Step & { op: 'each' }, next: Action): Action {
  const { machine } = linker
  const expr = linkExpr(linker, step.expr)
  const { key, value, ordered } = step
  return (frame) =>
    someEntry(expr(frame), ordered, (k, item) => {
      if (--machine.fuel < 0) machine.refuel()
      if (key !== -1) frame[key] = k
      if (value !== -1) frame[value] = item
      return next(frame)
    })
}

function linkVirtualEach(linker: Linker, step: Step & { op: 'veach' }, next: Action): Action {
  const { machine, documents } = linker
  const expr = linkExpr(linker, step.expr)
  return (frame) =>
    virtualSome(documents, expr(frame), (key, item) => {
      if (--machine.fuel < 0) machine.refuel()
      frame[step.key] = key
      frame[step.value] = item
      return next(frame)
    })
}

function linkSolutions(linker: Linker, step: Step & { op: 'solutions' }, next: Action): Action {
  const { machine } = linker
  const expr = linkExpr(linker, step.expr)
  return (frame) =>
    ((expr(frame) ?? []) as readonly Value[]).some((solution) => {
      if (--machine.fuel < 0) machine.refuel()
      frame[step.value] = solution
      return next(frame)
    })
}

function linkCollect(linker: Linker, step: Step & { op: 'collect' }, next: Action): Action {
  const { grouping, slot, of } = step
  const plain = linkComprehension(linker, step, next)
  if (grouping === undefined) return plain
  const { machine } = linker
  const value = linkExpr(linker, grouping.value)
  const groupKeys = grouping.groupKeys.map((key) => linkExpr(linker, key))
  const keys = grouping.keys.map((key) => linkExpr(linker, key))
  const fill = linkBlock(linker, grouping.block, (frame) => {
    const grouped = frame[slot] as Grouped
    grouped.add(
      groupKeys.map((key) => key(frame)!),
      value(frame)!,
    )
    return false
  })
  return (frame) => {
    if (!machine.mayGroup) return plain(frame)
    let grouped = machine.grouped(grouping.id)
    if (grouped === undefined) {
      grouped = new Grouped(of === 'set')
      frame[slot] = grouped
      fill(frame)
      machine.keepGrouped(grouping.id, grouped)
    }
    frame[slot] = grouped.get(keys.map((key) => key(frame)!))
    return next(frame)
  }
}

function linkComprehension(linker: Linker, step: Step & { op: 'collect' }, next: Action): Action {
  const value = linkExpr(linker, step.value)
  const key = step.key === undefined ? undefined : linkExpr(linker, step.key)
  const { slot, of, site } = step
  const inner = linkBlock(linker, step.block, (frame) => {
    const holder = frame[slot]
    if (of === 'array') (holder as Value[]).push(value(frame)!)
    else if (of === 'set') (holder as RSet).add(value(frame)!)
    else (holder as ObjectBuilder).put(key!(frame)!, value(frame)!)
    return false
  })
  return (frame) => {
    frame[slot] = of === 'array' ? [] : of === 'set' ? new RSet() : new ObjectBuilder(site)
    inner(frame)
    if (of === 'object') frame[slot] = (frame[slot] as ObjectBuilder).finish()
    return next(frame)
  }
}

function linkWith(linker: Linker, step: Step & { op: 'with' }, next: Action): Action {
  const { machine } = linker
  const changes = step.changes.map((change) => linkChange(linker, change))
  // The block's results are kept until the change is undone, because what follows must not see it.
  const rows: unknown[][][] = []
  const inner = linkBlock(linker, step.block, (frame) => {
    rows.at(-1)!.push(step.outs.map((slot) => frame[slot]))
    return !step.many
  })
  return (frame) => {
    const saved = machine.enter()
    for (const change of changes) change(frame)
    const found: unknown[][] = []
    rows.push(found)
    try {
      inner(frame)
    } finally {
      rows.pop()
    }
    machine.leave(saved)
    return found.some((row) => {
      step.outs.forEach((slot, i) => {
        frame[slot] = row[i]
      })
      return next(frame)
    })
  }
}

function linkChange(linker: Linker, change: Change): (frame: Frame) => void {
  const { machine } = linker
  switch (change.op) {
    case 'input': {
      const value = linkExpr(linker, change.value)
      return (frame) => machine.changeInput(change.path, value(frame)!)
    }
    case 'data': {
      const value = linkExpr(linker, change.value)
      return (frame) => machine.changeData(change.path, value(frame)!, change.target)
    }
    case 'mock': {
      const value = linkExpr(linker, change.value)
      return (frame) => {
        const answer = value(frame)
        machine.changeMock(change.mock, () => answer)
      }
    }
    case 'mock-builtin':
      return () =>
        machine.changeMock(change.mock, (...args) =>
          machine.call(change.builtin, args, change.site),
        )
    case 'mock-function':
    default:
      return () => machine.changeMock(change.mock, linker.function(change.group))
  }
}
