import type { Definition, Selection } from './ast.ts'
import { isField, isInlineFragment } from './ast.ts'
import type { Rule, Walk } from './walker.ts'

const COMPOSITE: ReadonlySet<string> = new Set(['OBJECT', 'INTERFACE', 'UNION'])

const fragmentsOnCompositeTypes: Rule = {
  inlineFragment(walk, fragment) {
    const type = walk.schema.types.get(fragment.TypeCondition)
    if (type !== undefined && !COMPOSITE.has(type.Kind)) {
      walk.fault(
        fragment,
        `Fragment cannot condition on non composite type "${fragment.TypeCondition}".`,
      )
    }
  },
  fragment(walk, fragment) {
    const type = walk.schema.types.get(fragment.TypeCondition)
    if (type !== undefined && !COMPOSITE.has(type.Kind)) {
      const what = `Fragment "${fragment.Name}" cannot condition on non composite type`
      walk.fault(fragment, `${what} "${fragment.TypeCondition}".`)
    }
  },
}

const knownFragmentNames: Rule = {
  fragmentSpread(walk, spread, fragment) {
    if (fragment === undefined) walk.fault(spread, `Unknown fragment "${spread.Name}".`)
  },
}

function spreadsWithin(selections: readonly Selection[]): string[] {
  return selections.flatMap((selection) => {
    if (isField(selection) || isInlineFragment(selection))
      return spreadsWithin(selection.SelectionSet ?? [])
    return [selection.Name]
  })
}

const noFragmentCycles: Rule = {
  fragment(walk, fragment) {
    const pending = spreadsWithin(fragment.SelectionSet ?? [])
    const seen = new Set<string>()
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === fragment.Name) {
        walk.fault(fragment, `Cannot spread fragment "${name}" within itself.`)
        return
      }
      if (seen.has(name)) continue
      seen.add(name)
      pending.push(...spreadsWithin(walk.fragmentNamed(name)?.SelectionSet ?? []))
    }
  },
}

const noUnusedFragments: Rule = {
  fragment(walk, fragment) {
    const documents = [...(walk.document.Operations ?? []), ...(walk.document.Fragments ?? [])]
    const used = documents.some(({ SelectionSet }) =>
      spreadsWithin(SelectionSet ?? []).includes(fragment.Name),
    )
    if (!used) walk.fault(fragment, `Fragment "${fragment.Name}" is never used.`)
  },
}

/** Whether a fragment on a type can apply within another type. */
function canApply(walk: Walk, parent: Definition | undefined, condition: string): boolean {
  const type = walk.schema.types.get(condition)
  if (
    parent === undefined ||
    type === undefined ||
    !COMPOSITE.has(type.Kind) ||
    !COMPOSITE.has(parent.Kind)
  )
    return true
  const inside =
    parent.Kind === 'OBJECT' ? [parent] : (walk.schema.possibleTypes.get(parent.Name) ?? [])
  const possible = walk.schema.possibleTypes.get(type.Name) ?? []
  return possible.some(({ Name }) => inside.some((other) => other.Name === Name))
}

const possibleFragmentSpreads: Rule = {
  inlineFragment(walk, fragment, parent) {
    if (parent === undefined || canApply(walk, parent, fragment.TypeCondition)) return
    const types = `objects of type "${parent.Name}" can never be of type "${fragment.TypeCondition}"`
    walk.fault(fragment, `Fragment cannot be spread here as ${types}.`)
  },
  fragmentSpread(walk, spread, fragment, parent) {
    if (
      parent === undefined ||
      fragment === undefined ||
      canApply(walk, parent, fragment.TypeCondition)
    )
      return
    const types = `objects of type "${parent.Name}" can never be of type "${fragment.TypeCondition}"`
    walk.fault(spread, `Fragment "${spread.Name}" cannot be spread here as ${types}.`)
  },
}

/** The rules about fragments of GraphQL's specification, section 5.5. */
export const FRAGMENT_RULES: readonly Rule[] = [
  fragmentsOnCompositeTypes,
  knownFragmentNames,
  noFragmentCycles,
  noUnusedFragments,
  possibleFragmentSpreads,
]
