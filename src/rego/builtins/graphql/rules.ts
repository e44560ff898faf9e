import type { ArgumentDefinition, Argument, Definition, Field, Selection, TypeNode } from './ast.ts'
import { isField, isInlineFragment, typeNameOf, typeText, VALUE_KIND } from './ast.ts'
import { FRAGMENT_RULES } from './fragment-rules.ts'
import { isCompatible } from './schema-rules.ts'
import type { Rule, Walk } from './walker.ts'

const INPUT: ReadonlySet<string> = new Set(['SCALAR', 'ENUM', 'INPUT_OBJECT'])
const INTROSPECTION_LISTS: ReadonlySet<string> = new Set([
  'fields',
  'interfaces',
  'possibleTypes',
  'inputFields',
])
const INTROSPECTION_DEPTH_MAX = 3

const isLeaf = (type: Definition): boolean => type.Kind === 'ENUM' || type.Kind === 'SCALAR'

/** The items that repeat the key of an earlier one. */
function repeated<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Set<string>()
  return items.filter((item) => seen.size === seen.add(key(item)).size)
}

const fieldsOnCorrectType: Rule = {
  field(walk, field, definition, parent) {
    if (parent !== undefined && definition === undefined) {
      walk.fault(field, `Cannot query field "${field.Name}" on type "${parent.Name}".`)
    }
  },
}

const knownArgumentNames: Rule = {
  field(walk, field, definition, parent) {
    if (definition === undefined || parent === undefined) return
    for (const argument of field.Arguments ?? []) {
      if (definition.Arguments?.some(({ Name }) => Name === argument.Name) === true) continue
      walk.fault(
        field,
        `Unknown argument "${argument.Name}" on field "${parent.Name}.${field.Name}".`,
      )
    }
  },
  directive(walk, directive) {
    const definition = walk.schema.directives.get(directive.Name)
    if (definition === undefined) return
    for (const argument of directive.Arguments ?? []) {
      if (definition.Arguments?.some(({ Name }) => Name === argument.Name) === true) continue
      walk.fault(
        directive,
        `Unknown argument "${argument.Name}" on directive "@${directive.Name}".`,
      )
    }
  },
}

const knownDirectives: Rule = {
  directive(walk, directive, location) {
    const definition = walk.schema.directives.get(directive.Name)
    if (definition === undefined) walk.fault(directive, `Unknown directive "@${directive.Name}".`)
    else if (!definition.Locations.includes(location)) {
      walk.fault(directive, `Directive "@${directive.Name}" may not be used on ${location}.`)
    }
  },
}

const knownRootType: Rule = {
  operation(walk, operation) {
    if (!walk.schema.roots.has(operation.Operation)) {
      walk.fault(operation, `Schema does not support operation type "${operation.Operation}"`)
    }
  },
}

const knownTypeNames: Rule = {
  variable(walk, variable) {
    const name = typeNameOf(variable.Type)
    if (!walk.schema.types.has(name)) walk.fault(variable, `Unknown type "${name}".`)
  },
  inlineFragment(walk, fragment) {
    const name = fragment.TypeCondition
    if (name !== '' && !walk.schema.types.has(name)) walk.fault(fragment, `Unknown type "${name}".`)
  },
  fragment(walk, fragment) {
    const name = fragment.TypeCondition
    if (!walk.schema.types.has(name)) walk.fault(fragment, `Unknown type "${name}".`)
  },
}

const loneAnonymousOperation: Rule = {
  operation(walk, operation) {
    if (operation.Name === '' && (walk.document.Operations?.length ?? 0) > 1) {
      walk.fault(operation, 'This anonymous operation must be the only defined operation.')
    }
  },
}

/** Whether lists of types are nested too deeply beneath an introspection field. */
function isTooDeep(
  walk: Walk,
  selections: readonly Selection[],
  depth: number,
  visited: ReadonlySet<string>,
): boolean {
  return selections.some((selection) => {
    if (isField(selection)) {
      const deeper = depth + (INTROSPECTION_LISTS.has(selection.Name) ? 1 : 0)
      return (
        deeper >= INTROSPECTION_DEPTH_MAX ||
        isTooDeep(walk, selection.SelectionSet ?? [], deeper, visited)
      )
    }
    if (isInlineFragment(selection))
      return isTooDeep(walk, selection.SelectionSet ?? [], depth, visited)
    const fragment = visited.has(selection.Name) ? undefined : walk.fragmentNamed(selection.Name)
    return isTooDeep(
      walk,
      fragment?.SelectionSet ?? [],
      depth,
      new Set([...visited, selection.Name]),
    )
  })
}

const maxIntrospectionDepth: Rule = {
  field(walk, field) {
    const introspects = field.Name === '__schema' || field.Name === '__type'
    if (introspects && isTooDeep(walk, field.SelectionSet ?? [], 0, new Set())) {
      walk.fault(field, 'Maximum introspection depth exceeded')
    }
  },
}

const noUndefinedVariables: Rule = {
  value(walk, { value, variable }) {
    if (
      walk.operation === undefined ||
      value.Kind !== VALUE_KIND.variable ||
      variable !== undefined
    )
      return
    const where = walk.operation.Name === '' ? '' : ` by operation "${walk.operation.Name}"`
    walk.fault(value, `Variable "$${value.Raw}" is not defined${where}.`)
  },
}

const noUnusedVariables: Rule = {
  operation(walk, operation) {
    for (const variable of operation.VariableDefinitions ?? []) {
      if (walk.usedVariables.has(variable)) continue
      const where = operation.Name === '' ? '' : ` in operation "${operation.Name}"`
      walk.fault(variable, `Variable "$${variable.Variable}" is never used${where}.`)
    }
  },
}

function missingArguments(
  definitions: readonly ArgumentDefinition[],
  given: readonly Argument[],
): ArgumentDefinition[] {
  return definitions.filter(
    ({ Name, Type, DefaultValue }) =>
      Type.NonNull &&
      DefaultValue === undefined &&
      !given.some((argument) => argument.Name === Name),
  )
}

const providedRequiredArguments: Rule = {
  field(walk, field, definition) {
    for (const { Name, Type } of missingArguments(
      definition?.Arguments ?? [],
      field.Arguments ?? [],
    )) {
      const what = `Field "${field.Name}" argument "${Name}" of type "${typeText(Type)}"`
      walk.fault(field, `${what} is required, but it was not provided.`)
    }
  },
  directive(walk, directive) {
    const definition = walk.schema.directives.get(directive.Name)
    for (const { Name, Type } of missingArguments(
      definition?.Arguments ?? [],
      directive.Arguments ?? [],
    )) {
      const what = `Directive "@${directive.Name}" argument "${Name}" of type "${typeText(Type)}"`
      walk.fault(directive, `${what} is required, but it was not provided.`)
    }
  },
}

const scalarLeafs: Rule = {
  field(walk, field, definition) {
    const type = definition === undefined ? undefined : walk.typeOf(definition.Type)
    if (definition === undefined || type === undefined) return
    const hasSelection = (field.SelectionSet?.length ?? 0) > 0
    if (isLeaf(type) && hasSelection) {
      walk.fault(
        field,
        `Field "${field.Name}" must not have a selection since type "${type.Name}" has no subfields.`,
      )
    } else if (!isLeaf(type) && !hasSelection) {
      const what = `Field "${field.Name}" of type "${typeText(definition.Type)}"`
      walk.fault(
        field,
        `${what} must have a selection of subfields. Did you mean "${field.Name} { ... }"?`,
      )
    }
  },
}

function topFields(walk: Walk, selections: readonly Selection[], visited: Set<string>): Field[] {
  return selections.flatMap((selection) => {
    if (isField(selection)) return [selection]
    if (isInlineFragment(selection)) return topFields(walk, selection.SelectionSet ?? [], visited)
    if (visited.has(selection.Name)) return []
    visited.add(selection.Name)
    return topFields(walk, walk.fragmentNamed(selection.Name)?.SelectionSet ?? [], visited)
  })
}

const singleFieldSubscriptions: Rule = {
  operation(walk, operation) {
    if (operation.Operation !== 'subscription' || !walk.schema.roots.has('subscription')) return
    const fields = topFields(walk, operation.SelectionSet ?? [], new Set())
    const distinct = fields.filter(
      (field, i) => fields.findIndex(({ Name }) => Name === field.Name) === i,
    )
    const name =
      operation.Name === '' ? 'Anonymous Subscription' : `Subscription "${operation.Name}"`
    if (distinct[1] !== undefined)
      walk.fault(distinct[1], `${name} must select only one top level field.`)
    for (const field of distinct) {
      if (field.Name.startsWith('__'))
        walk.fault(field, `${name} must not select an introspection top level field.`)
    }
  },
}

const uniqueness: Rule = {
  field(walk, field) {
    for (const argument of repeated(field.Arguments ?? [], ({ Name }) => Name)) {
      walk.fault(argument, `There can be only one argument named "${argument.Name}".`)
    }
  },
  directive(walk, directive) {
    for (const argument of repeated(directive.Arguments ?? [], ({ Name }) => Name)) {
      walk.fault(argument, `There can be only one argument named "${argument.Name}".`)
    }
  },
  directives(walk, directives) {
    const counted = directives.filter(
      ({ Name }) => walk.schema.directives.get(Name)?.IsRepeatable !== true,
    )
    for (const directive of repeated(counted, ({ Name }) => Name)) {
      walk.fault(
        directive,
        `The directive "@${directive.Name}" can only be used once at this location.`,
      )
    }
  },
  value(walk, { value }) {
    if (value.Kind !== VALUE_KIND.object) return
    for (const child of repeated(value.Children ?? [], ({ Name }) => Name)) {
      walk.fault(child, `There can be only one input field named "${child.Name}".`)
    }
  },
  operation(walk, operation) {
    const operations = walk.document.Operations ?? []
    if (repeated(operations, ({ Name }) => Name).includes(operation) && operation.Name !== '') {
      walk.fault(operation, `There can be only one operation named "${operation.Name}".`)
    }
    for (const variable of repeated(
      operation.VariableDefinitions ?? [],
      ({ Variable }) => Variable,
    )) {
      walk.fault(variable, `There can be only one variable named "$${variable.Variable}".`)
    }
  },
  fragment(walk, fragment) {
    if (repeated(walk.document.Fragments ?? [], ({ Name }) => Name).includes(fragment)) {
      walk.fault(fragment, `There can be only one fragment named "${fragment.Name}".`)
    }
  },
}

const variablesAreInputTypes: Rule = {
  operation(walk, operation) {
    for (const variable of operation.VariableDefinitions ?? []) {
      const type = walk.typeOf(variable.Type)
      if (type !== undefined && !INPUT.has(type.Kind)) {
        const what = `Variable "$${variable.Variable}" cannot be non-input type`
        walk.fault(variable, `${what} "${typeText(variable.Type)}".`)
      }
    }
  },
}

const variablesInAllowedPosition: Rule = {
  value(walk, { value, expected, expectedHasDefault, variable }) {
    if (value.Kind !== VALUE_KIND.variable || expected === undefined || variable === undefined)
      return
    // A default, of the variable or of the place, is used if the variable is absent.
    const initial = variable.DefaultValue
    const covered =
      (initial !== undefined && initial.Kind !== VALUE_KIND.null) || expectedHasDefault
    const needed: TypeNode = covered ? { ...expected, NonNull: false } : expected
    if (isCompatible(variable.Type, needed)) return
    const types = `of type "${typeText(variable.Type)}" used in position expecting type "${typeText(expected)}"`
    walk.fault(value, `Variable "$${value.Raw}" ${types}.`)
  },
}

/** The rules of GraphQL's specification, section 5, except those about values and about merging fields. */
export const RULES: readonly Rule[] = [
  ...FRAGMENT_RULES,
  fieldsOnCorrectType,
  knownArgumentNames,
  knownDirectives,
  knownRootType,
  knownTypeNames,
  loneAnonymousOperation,
  maxIntrospectionDepth,
  noUndefinedVariables,
  noUnusedVariables,
  providedRequiredArguments,
  scalarLeafs,
  singleFieldSubscriptions,
  uniqueness,
  variablesAreInputTypes,
  variablesInAllowedPosition,
]
