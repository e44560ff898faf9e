import { searches } from '../plan/searches.ts'
import type { Location } from '../errors.ts'
import type { Branch, Finder, Group, IndexNode, PlannedRule } from '../plan/ir.ts'
import { get } from '../runtime/get.ts'
import { MISS } from '../runtime/machine.ts'
import { same } from '../runtime/operators.ts'
import { Found, PartialObject } from '../runtime/partial.ts'
import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { linkBlock } from './blocks.ts'
import type { Action } from './blocks.ts'
import { linkExpr } from './exprs.ts'
import type { Evaluate, Frame, Linker } from './exprs.ts'

type Answer = (args: readonly Value[]) => Value | undefined
type Emit = (out: unknown, keys: readonly Value[], value: Value) => boolean

/** Tries the rules that an index leaves, until the callback returns `true`. */
function someCandidate(
  node: IndexNode,
  lookups: readonly Evaluate[],
  frame: Frame,
  visit: (rule: number) => boolean,
): boolean {
  if (node.rules.some(visit)) return true
  return node.indexes.some((index) => {
    const value = lookups[index.lookup]!(frame)
    const bucket = value === undefined ? undefined : index.buckets.get(value)
    return bucket !== undefined && someCandidate(bucket, lookups, frame, visit)
  })
}

/** The order in which a group's rules are tried. */
function candidates(
  linker: Linker,
  group: Group,
): (frame: Frame, visit: (rule: number) => boolean) => boolean {
  const { index } = group
  const lookups = group.lookups.map((expr) => linkExpr(linker, expr))
  if (index !== undefined) return (frame, visit) => someCandidate(index, lookups, frame, visit)
  const all = Array.from({ length: group.size }, (_, i) => i)
  return (_frame, visit) => all.some(visit)
}

/** A rule that gives one value: the first branch that succeeds decides. */
function linkAnswer(linker: Linker, group: Group, rule: PlannedRule): Answer {
  const branches = rule.branches.map((branch) => linkAnswerBranch(linker, group, rule, branch))
  return (args) => {
    for (const branch of branches) {
      const value = branch(args)
      if (value !== undefined) return value
    }
    return undefined
  }
}

function conflict(linker: Linker, group: Group, site: Location): never {
  if (group.kind === 'function') return linker.machine.conflictFunction(site)
  return linker.machine.conflict(site)
}

function linkAnswerBranch(linker: Linker, group: Group, rule: PlannedRule, branch: Branch): Answer {
  const value = linkExpr(linker, branch.value)
  const result = branch.slots
  const first = !searches(branch.block) || branch.value.op === 'const'
  const run = linkBlock(linker, branch.block, (frame) => {
    const found = value(frame)!
    const before = frame[result] as Value | undefined
    if (before !== undefined && !same(before, found)) conflict(linker, group, rule.site)
    frame[result] = found
    return first
  })
  return (args) => {
    const frame: Frame = [...args]
    frame[result] = undefined
    run(frame)
    return frame[result] as Value | undefined
  }
}

/** A rule that adds to a collection. */
function linkContribution(
  linker: Linker,
  rule: PlannedRule,
  emit: Emit,
): (args: readonly Value[], out: unknown) => boolean {
  const branches = rule.branches.map((branch): { run: Action; slots: number } => {
    const value = linkExpr(linker, branch.value)
    const keys = branch.keys.map((key) => linkExpr(linker, key))
    const run = linkBlock(linker, branch.block, (frame) =>
      emit(
        frame[branch.slots],
        keys.map((key) => key(frame)!),
        value(frame)!,
      ),
    )
    return { run, slots: branch.slots }
  })
  return (args, out) =>
    branches.some(({ run, slots }) => {
      const frame: Frame = [...args]
      frame[slots] = out
      return run(frame)
    })
}

/** The function of a function group. */
export function linkFunction(
  linker: Linker,
  group: Group,
): (...args: readonly Value[]) => Value | undefined {
  const evaluate = linkValue(linker, group)
  const { machine } = linker
  return (...args) => {
    if (--machine.fuel < 0) machine.refuel()
    return evaluate(args)
  }
}

function linkValue(linker: Linker, group: Group): Answer {
  const rules: Answer[] = group.rules.map((rule) => linkAnswer(linker, group, rule))
  const fallback =
    group.fallback === undefined ? undefined : linkAnswer(linker, group, group.fallback)
  const each = candidates(linker, group)
  return (args) => {
    let result: Value | undefined
    each([...args], (i) => {
      const value = (rules[i] ??= linkAnswer(linker, group, linker.onDemand(group, i)))(args)
      if (value === undefined) return false
      if (result === undefined) result = value
      else if (!same(result, value)) conflict(linker, group, linker.siteOf(group, i))
      return group.oneValue
    })
    return result === undefined ? fallback?.(args) : result
  }
}

/** The function of a document group, which remembers its value. */
export function linkDocument(linker: Linker, group: Group): () => Value | undefined {
  const { machine } = linker
  const evaluate = group.kind === 'complete' ? linkValue(linker, group) : linkPartial(linker, group)
  const { fixed } = group.reads
  let generation = -1
  let remembered: Value | undefined
  return () => {
    if (group.hidden.some((target) => machine.flags[target]! > 0)) return machine.base(group.path)
    const own = fixed ? machine.deep === 0 : machine.scope === null
    if (own) {
      if (generation === (fixed ? 0 : machine.generation)) return remembered
    } else {
      const recalled = machine.recall(group.id)
      if (recalled !== MISS) return recalled
    }
    if (--machine.fuel < 0) machine.refuel()
    const value = evaluate([])
    if (own) {
      generation = fixed ? 0 : machine.generation
      remembered = value
    } else machine.remember(group.id, value)
    return value
  }
}

function linkPartial(linker: Linker, group: Group): Answer {
  const each = candidates(linker, group)
  if (group.kind === 'set') {
    const rules = group.rules.map((rule) =>
      linkContribution(linker, rule, (out, _keys, value) => {
        ;(out as RSet).add(value)
        return false
      }),
    )
    return () => {
      const set = new RSet()
      each([], (i) => rules[i]!([], set))
      return set
    }
  }
  const rules = group.rules.map((rule) =>
    linkContribution(linker, rule, (out, keys, value) => {
      ;(out as PartialObject).put(keys, value, rule.leaf === 'set')
      return false
    }),
  )
  return () => {
    const object = new PartialObject(group.site)
    each([], (i) => rules[i]!([], object))
    return object.finish()
  }
}

/** The function that looks up keys of a partial rule. */
export function linkFinder(
  linker: Linker,
  group: Group,
  finder: Finder,
): (...keys: readonly Value[]) => Value | undefined {
  const { machine } = linker
  const isSet = group.kind === 'set'
  const rules = finder.rules.map((rule) =>
    linkContribution(linker, rule, (out, keys, value) => {
      if (isSet) return true
      ;(out as Found).put(keys, value, rule.leaf === 'set')
      return false
    }),
  )
  return (...keys) => {
    if (group.hidden.some((target) => machine.flags[target]! > 0)) {
      return keys.reduce<Value | undefined>((base, key) => get(base, key), machine.base(group.path))
    }
    if (--machine.fuel < 0) machine.refuel()
    if (isSet) return rules.some((rule) => rule(keys, undefined)) ? keys[0] : undefined
    const found = new Found(group.site)
    for (const rule of rules) rule(keys, found)
    return found.finish()
  }
}
