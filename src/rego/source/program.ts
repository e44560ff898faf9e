import type { RuleNode } from '../compile/tree.ts'
import type { Location } from '../errors.ts'
import type { Group } from '../plan/ir.ts'
import type { Program } from '../plan/program.ts'
import { Grouped } from '../runtime/grouped.ts'
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
  /** Instantiates the program on a machine. */
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
  Grouped,
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

/** The functions of a program that rules written later use, by name. */
type Links = Record<string, unknown>

type Factory = (
  runtime: typeof RUNTIME,
  constants: readonly unknown[],
  machine: Machine,
  lazy: Lazy,
  links: Links,
) => Run

/** Writes rules when they are first tried. */
interface Lazy {
  rule(group: Group, at: number): unknown
  site(group: Group, at: number): Location
}

/** Makes a factory from text that holds only generated names, numbers and JSON strings: see {@link Constants}. */
function makeFactory(text: string): Factory {
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  return new Function('R', 'K', 'S', 'LAZY', 'E', text) as Factory
}

const PROLOGUE = `"use strict";\nconst { ${Object.keys(RUNTIME).join(', ')} } = R;`

/** The parts of a program that have been written already. */
interface Written {
  readonly groups: Set<Group>
  readonly nodes: Set<RuleNode>
  finders: number
}

/** Writes what a program needs and does not have yet; returns the lines that register it with documents. */
function writeNew(
  program: Program,
  writer: GroupWriter,
  constants: Constants,
  written: Written,
): string {
  const { planner } = program
  for (const group of planner.needed) {
    if (written.groups.has(group)) continue
    written.groups.add(group)
    writer.group(group)
  }
  for (; written.finders < planner.finders.length; written.finders++) {
    const { group, finder } = planner.finders[written.finders]!
    writer.finder(group, finder)
  }
  const nodes: string[] = []
  for (const node of planner.nodes) {
    const group = written.nodes.has(node) ? undefined : planner.groups.document(node)
    written.nodes.add(node)
    if (group !== undefined)
      nodes.push(`NODES.set(${constants.name(node)}, ${writer.use(`g${String(group.id)}`)});`)
  }
  return nodes.join('\n')
}

/** Writes a program as JavaScript. */
export function generate(program: Program, value: boolean): GeneratedProgram {
  const constants = new Constants()
  const writer = new GroupWriter(constants, program.targets)
  const written: Written = { groups: new Set(), nodes: new Set(), finders: 0 }
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
  const nodes = writeNew(program, writer, constants, written)
  const waits = program.groups.some((group) => group.onDemand)
  const text = [
    PROLOGUE,
    'const NODES = new Map(), D = S.documents((node) => NODES.get(node));',
    writer.text(),
    nodes,
    waits ? `Object.assign(E, { NODES, D, ${writer.exported().join(', ')} });` : '',
    'return entry;',
  ].join('\n')
  const factory = makeFactory(text)
  return {
    text,
    instantiate(machine) {
      const links: Links = {}
      const own: Written = {
        groups: new Set(written.groups),
        nodes: new Set(written.nodes),
        finders: written.finders,
      }
      return factory(
        RUNTIME,
        constants.values,
        machine,
        lazyLinker(program, machine, links, own),
        links,
      )
    },
  }
}

function lazyLinker(program: Program, machine: Machine, links: Links, written: Written): Lazy {
  const { planner } = program
  const lazy: Lazy = {
    site: (group, at) => planner.siteOf(group, at),
    rule(group, at) {
      const rule = planner.planOnDemand(group, at)
      const constants = new Constants()
      const writer = new GroupWriter(constants, program.targets)
      const name = writer.onDemand(group, rule)
      const nodes = writeNew(program, writer, constants, written)
      const outside = [...writer.linked].filter((link) => !writer.written.has(link))
      const text = [
        PROLOGUE,
        `const { ${['NODES', 'D', ...outside].join(', ')} } = E;`,
        writer.text(),
        nodes,
        `Object.assign(E, { ${writer.exported().join(', ')} });`,
        `return ${name};`,
      ].join('\n')
      return makeFactory(text)(RUNTIME, constants.values, machine, lazy, links)
    },
  }
  return lazy
}
