import type { Definition, Field, FieldDefinition, Selection, TypeNode } from './ast.ts'
import { isField, isInlineFragment, typeText, valueText } from './ast.ts'
import type { Rule, Walk } from './walker.ts'

/** A field, the type it is selected on, and its definition there. */
interface Use {
  readonly field: Field
  readonly parent: Definition | undefined
  readonly definition: FieldDefinition | undefined
}

/** A query can make comparing every pair of fields take very long; such a query is refused. */
const COMPARISONS_MAX = 200_000

/** Fields with the same response name must be mergeable (GraphQL specification, section 5.3.2). */
export const overlappingFieldsCanBeMerged: Rule = {
  operation(walk, operation) {
    const root = walk.schema.roots.get(operation.Operation === '' ? 'query' : operation.Operation)
    new MergeCheck(walk).check(collect(walk, root, operation.SelectionSet ?? [], new Set()))
  },
  fragment(walk, fragment) {
    const type = walk.schema.types.get(fragment.TypeCondition)
    new MergeCheck(walk).check(collect(walk, type, fragment.SelectionSet ?? [], new Set()))
  },
}

function collect(
  walk: Walk,
  parent: Definition | undefined,
  selections: readonly Selection[],
  visited: Set<string>,
): Use[] {
  return selections.flatMap((selection) => {
    if (isField(selection)) {
      const definition = parent?.Fields?.find(({ Name }) => Name === selection.Name)
      return [{ field: selection, parent, definition }]
    }
    if (isInlineFragment(selection)) {
      const type =
        selection.TypeCondition === '' ? parent : walk.schema.types.get(selection.TypeCondition)
      return collect(walk, type, selection.SelectionSet ?? [], visited)
    }
    const fragment = visited.has(selection.Name) ? undefined : walk.fragmentNamed(selection.Name)
    visited.add(selection.Name)
    if (fragment === undefined) return []
    return collect(
      walk,
      walk.schema.types.get(fragment.TypeCondition),
      fragment.SelectionSet ?? [],
      visited,
    )
  })
}

class MergeCheck {
  readonly #walk: Walk
  readonly #compared = new WeakMap<Field, Set<Field>>()
  #comparisons = 0

  constructor(walk: Walk) {
    this.#walk = walk
  }

  check(uses: readonly Use[]): void {
    const groups = new Map<string, Use[]>()
    for (const use of uses)
      groups.set(use.field.Alias, [...(groups.get(use.field.Alias) ?? []), use])
    for (const [name, group] of groups) this.#checkGroup(name, group)
  }

  #checkGroup(name: string, group: readonly Use[]): void {
    for (const [i, first] of group.entries()) {
      for (const second of group.slice(i + 1)) {
        if (!this.#isNew(first.field, second.field)) continue
        const reason = this.#conflict(first, second)
        if (reason === undefined) continue
        const hint = 'Use different aliases on the fields to fetch both if this was intentional.'
        this.#walk.fault(first.field, `Fields "${name}" conflict because ${reason}. ${hint}`)
        return
      }
    }
    const [first] = group
    if (first !== undefined) this.check(group.flatMap((use) => this.#inner(use)))
  }

  #isNew(a: Field, b: Field): boolean {
    if (a === b || ++this.#comparisons > COMPARISONS_MAX) return false
    const known = this.#compared.get(a) ?? new Set()
    if (known.has(b)) return false
    this.#compared.set(a, known.add(b))
    return true
  }

  #conflict(a: Use, b: Use): string | undefined {
    const apart =
      a.parent !== b.parent && a.parent?.Kind === 'OBJECT' && b.parent?.Kind === 'OBJECT'
    if (!apart) {
      if (a.field.Name !== b.field.Name)
        return `${a.field.Name} and ${b.field.Name} are different fields`
      if (argumentsText(a.field) !== argumentsText(b.field)) return 'they have differing arguments'
    }
    const [typeA, typeB] = [a.definition?.Type, b.definition?.Type]
    if (typeA !== undefined && typeB !== undefined && this.#differ(typeA, typeB)) {
      return `they return conflicting types ${typeText(typeA)} and ${typeText(typeB)}`
    }
    return undefined
  }

  #differ(a: TypeNode, b: TypeNode): boolean {
    if (a.NonNull !== b.NonNull || (a.Elem === undefined) !== (b.Elem === undefined)) return true
    if (a.Elem !== undefined && b.Elem !== undefined) return this.#differ(a.Elem, b.Elem)
    const isLeaf = (type: TypeNode): boolean => {
      const kind = this.#walk.typeOf(type)?.Kind
      return kind === 'SCALAR' || kind === 'ENUM'
    }
    return (isLeaf(a) || isLeaf(b)) && a.NamedType !== b.NamedType
  }

  #inner({ field, definition }: Use): Use[] {
    const type = definition === undefined ? undefined : this.#walk.typeOf(definition.Type)
    return collect(this.#walk, type, field.SelectionSet ?? [], new Set())
  }
}

function argumentsText(field: Field): string {
  return (field.Arguments ?? [])
    .map(({ Name, Value }) => `${Name}:${valueText(Value)}`)
    .sort()
    .join(',')
}
