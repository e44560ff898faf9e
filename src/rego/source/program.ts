import type { Program } from '../plan/program.ts'
import { get, getPath, isObjectOf } from '../runtime/get.ts'
import { kindOf, listOf } from '../runtime/list.ts'
import type { Machine } from '../runtime/machine.ts'
import { MISS } from '../runtime/machine.ts'
import {
  countFast,
  greater,
  greaterEqual,
  less,
  lessEqual,
  minusFast,
  plusFast,
  same,
  timesFast,
} from '../runtime/operators.ts'
import { Found, ObjectBuilder, PartialObject } from '../runtime/partial.ts'
import { virtualForce, virtualGet, virtualSome } from '../runtime/virtual.ts'
import type { Documents, Handle } from '../runtime/virtual.ts'
import { makeObject, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { GroupWriter } from './emit-group.ts'
import { Constants } from './names.ts'

/** Runs a query once the machine has begun an evaluation. */
export type Run = () => Value | undefined

/** A program as JavaScript text, with the constants it refers to. */
export interface GeneratedProgram {
  readonly text: string
  readonly constants: readonly unknown[]
  /** Makes the program run on a machine. */
  instantiate(machine: Machine): Run
}

function virtualEntries(
  documents: Documents,
  handle: Handle | undefined,
): readonly (readonly [Value, Handle])[] {
  const entries: (readonly [Value, Handle])[] = []
  virtualSome(documents, handle, (key, item) => {
    entries.push([key, item])
    return false
  })
  return entries
}

const RUNTIME = {
  get,
  getPath,
  isObjectOf,
  kindOf,
  listOf,
  MISS,
  countFast,
  greater,
  greaterEqual,
  less,
  lessEqual,
  minusFast,
  plusFast,
  same,
  timesFast,
  Found,
  ObjectBuilder,
  PartialObject,
  RSet,
  virtualEntries,
  virtualForce,
  virtualGet,
  setOf: (items: Iterable<Value>): RSet => RSet.from(items),
  objectOf: makeObject,
} as const

type Factory = (runtime: typeof RUNTIME, constants: readonly unknown[], machine: Machine) => Run

/** Writes a program as JavaScript. */
export function generate(program: Program, value: boolean): GeneratedProgram {
  const constants = new Constants()
  const writer = new GroupWriter(constants, program.targets)
  for (const group of program.groups) writer.group(group)
  writer.function('entry', [], program.entry.slots, (block) => {
    if (!value) block.line('const results = [];')
    block.line('E: {')
    block.write(program.entry.block, 'break E;', () => {
      const result = block.exprs.write(program.entry.value)
      block.line(value ? `return ${result};` : `results.push(${result});`)
    })
    block.line('}')
    block.line(value ? 'return undefined;' : 'return results;')
  })
  const nodes = [...program.planner.nodes]
    .filter((node) => program.planner.groups.document(node) !== undefined)
    .map(
      (node) => `[${constants.name(node)}, g${String(program.planner.groups.document(node)!.id)}]`,
    )
  const text = [
    '"use strict";',
    `const { ${Object.keys(RUNTIME).join(', ')} } = R;`,
    writer.text(),
    `const D = S.documents((node) => NODES.get(node));`,
    `const NODES = new Map([${nodes.join(', ')}]);`,
    'return entry;',
  ].join('\n')
  // The text holds generated names, numbers and JSON strings only: see Constants.
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  const factory = new Function('R', 'K', 'S', text) as Factory
  return {
    text,
    constants: constants.values,
    instantiate: (machine) => factory(RUNTIME, constants.values, machine),
  }
}
