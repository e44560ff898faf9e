import type { RuleNode } from '../compile/tree.ts'
import type { Group } from '../plan/ir.ts'
import type { Program } from '../plan/program.ts'
import type { Machine } from '../runtime/machine.ts'
import type { Value } from '../values/index.ts'
import { linkBlock } from './blocks.ts'
import { linkExpr } from './exprs.ts'
import type { Frame, Linker } from './exprs.ts'
import { linkDocument, linkFinder, linkFunction } from './groups.ts'

/** A program as closures: slower than generated code, but it needs no code generation. */
export interface ClosureProgram {
  readonly text: string
  instantiate(machine: Machine): () => Value | undefined
}

/** A function whose results are made when first needed. */
function lazily<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>()
  return (key) => {
    let value = made.get(key)
    if (value === undefined) {
      value = make(key)
      made.set(key, value)
    }
    return value
  }
}

/** Makes a program runnable without generating code; `value` says that its term's value is wanted. */
export function closureProgram(program: Program, value: boolean): ClosureProgram {
  return { text: '', instantiate: (machine) => instantiate(program, machine, value) }
}

function instantiate(program: Program, machine: Machine, value: boolean): () => Value | undefined {
  const documentOf = (node: RuleNode): (() => Value | undefined) | undefined => {
    const group = program.planner.groups.document(node)
    return group === undefined ? undefined : linker.document(group)
  }
  const linked = lazily((group: Group) => linkDocument(linker, group))
  const linker: Linker = {
    machine,
    targets: program.targets,
    documents: machine.documents(documentOf),
    document: (group) => () => linked(group)(),
    function: lazily((group: Group) => linkFunction(linker, group)),
    onDemand: (group, at) => program.planner.planOnDemand(group, at),
    siteOf: (group, at) => program.planner.siteOf(group, at),
    finder: lazily((id: number) => {
      const { group, finder } = program.planner.finders[id]!
      return linkFinder(linker, group, finder)
    }),
  }
  const result = linkExpr(linker, program.entry.value)
  let rows: Value[] = []
  const run = linkBlock(linker, program.entry.block, (frame) => {
    rows.push(result(frame)!)
    return value
  })
  return () => {
    rows = []
    const frame: Frame = []
    run(frame)
    const found = rows
    rows = []
    return value ? found[0] : found
  }
}
