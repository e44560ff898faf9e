import { isArray, isObject, objectGet, RSet, sortedEntries } from '../../../values/index.ts'
import type { Value } from '../../../values/index.ts'
import { boundedCache } from '../../bounded-cache.ts'
import { BuiltinError } from '../../types.ts'
import { FUNCTIONS, isTrue, itemText } from './functions.ts'
import type { Item } from './functions.ts'
import { parseTemplate } from './parse.ts'
import type { Control, Node, Operand, Pipe } from './parse.ts'

const TEMPLATES_MAX = 128
const OUTPUT_LENGTH_MAX = 16 * 1024 * 1024
const cachedTemplate = boundedCache(TEMPLATES_MAX, parseTemplate)

/**
 * Renders a template with the variables as its data; a missing value renders as `<undefined>`.
 * @throws BuiltinError `template: …`.
 */
export function renderTemplate(source: string, variables: Value): string {
  const renderer = new Renderer(variables)
  renderer.run(cachedTemplate(source), variables)
  return renderer.output.join('').replaceAll('<no value>', '<undefined>')
}

type Signal = 'break' | 'continue' | undefined

class Renderer {
  readonly output: string[] = []
  readonly #variables: [string, Item][]
  #length = 0

  constructor(data: Value) {
    this.#variables = [['$', data]]
  }

  run(nodes: readonly Node[], dot: Item): Signal {
    const depth = this.#variables.length
    for (const node of nodes) {
      const signal = this.#node(node, dot)
      if (signal !== undefined) return signal
    }
    // Variables live to the end of the control structure that declares them.
    if (nodes.length > 0 && depth > 1) this.#variables.length = depth
    return undefined
  }

  #node(node: Node, dot: Item): Signal {
    if (node.kind === 'break' || node.kind === 'continue') return node.kind
    if (node.kind !== 'text' && node.kind !== 'output') return this.#control(node, dot)
    if (node.kind === 'text') this.#write(node.text)
    else {
      const value = this.#pipe(node.pipe, dot)
      if (node.pipe.variables.length === 0) this.#write(itemText(value))
    }
    return undefined
  }

  #write(text: string): void {
    this.#length += text.length
    if (this.#length > OUTPUT_LENGTH_MAX) throw new BuiltinError('template: the output is too long')
    this.output.push(text)
  }

  #control(node: Control, dot: Item): Signal {
    const depth = this.#variables.length
    const value = this.#pipe(node.pipe, dot)
    const signal =
      node.kind === 'range' ? this.#range(node, value, dot) : this.#branch(node, value, dot)
    this.#variables.length = depth
    return signal
  }

  #branch(node: Control, value: Item, dot: Item): Signal {
    if (!isTrue(value)) return this.run(node.otherwise, dot)
    return this.run(node.body, node.kind === 'with' ? value : dot)
  }

  #range(node: Control, value: Item, dot: Item): Signal {
    const entries = entriesOf(value)
    if (entries.length === 0) return this.run(node.otherwise, dot)
    const depth = this.#variables.length
    const names = node.pipe.variables
    for (const [key, item] of entries) {
      this.#variables.length = depth
      if (names.length === 1) this.#variables.push([names[0]!, item])
      if (names.length === 2) this.#variables.push([names[0]!, key], [names[1]!, item])
      if (this.run(node.body, item) === 'break') break
    }
    return undefined
  }

  #pipe(pipe: Pipe, dot: Item): Item {
    let value: Item
    pipe.commands.forEach((command, i) => {
      value = this.#command(command, dot, i > 0 ? [value] : [])
    })
    const [name] = pipe.variables
    if (name === undefined || pipe.variables.length > 1) return value
    if (pipe.declares) this.#variables.push([name, value])
    else this.#variable(name)[1] = value
    return value
  }

  #command(operands: readonly Operand[], dot: Item, piped: readonly Item[]): Item {
    const [first, ...others] = operands as [Operand, ...Operand[]]
    if (first.kind !== 'call') {
      if (others.length > 0 || piped.length > 0)
        throw new BuiltinError("template: can't give argument to non-function")
      return this.#operand(first, dot)
    }
    if (first.name === 'and' || first.name === 'or')
      return this.#shortCircuit(first.name, others, dot, piped)
    const call = Object.hasOwn(FUNCTIONS, first.name) ? FUNCTIONS[first.name] : undefined
    if (call === undefined)
      throw new BuiltinError(`template: template:1: function "${first.name}" not defined`)
    return call([...others.map((operand) => this.#operand(operand, dot)), ...piped])
  }

  #shortCircuit(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: Item,
    piped: readonly Item[],
  ): Item {
    let value: Item
    for (const operand of operands) {
      value = this.#operand(operand, dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return piped.length > 0 ? piped[0] : value
  }

  #operand(operand: Operand, dot: Item): Item {
    return operand.fields.reduce(select, this.#base(operand, dot))
  }

  #base(operand: Operand, dot: Item): Item {
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'variable':
        return this.#variable(operand.name)[1]
      case 'literal':
        return operand.value
      case 'pipe':
        return this.#pipe(operand.pipe, dot)
      case 'call':
        return this.#command([operand], dot, [])
      default:
        return undefined
    }
  }

  #variable(name: string): [string, Item] {
    const found = this.#variables.findLast(([known]) => known === name)
    if (found === undefined)
      throw new BuiltinError(`template: template:1: undefined variable "${name}"`)
    return found
  }
}

/** Selects a field; the fields of a missing value are missing too. */
function select(item: Item, field: string): Item {
  if (item === undefined || item === null) return undefined
  if (!isObject(item)) throw new BuiltinError(`template: can't evaluate field ${field}`)
  return objectGet(item, field)
}

function entriesOf(item: Item): readonly (readonly [Item, Item])[] {
  if (item === undefined || item === null) return []
  if (isArray(item)) return item.map((value, i) => [i, value] as const)
  if (item instanceof RSet) return item.values().map((value, i) => [i, value] as const)
  if (isObject(item)) return sortedEntries(item)
  if (typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 && item <= 1_000_000) {
    return Array.from({ length: item }, (_, i) => [i, i] as const)
  }
  throw new BuiltinError(`template: range can't iterate over ${itemText(item)}`)
}
