import type {
  Argument,
  ArgumentDefinition,
  Definition,
  Directive,
  Field,
  FieldDefinition,
  Fragment,
  FragmentSpread,
  InlineFragment,
  Operation,
  QueryDocument,
  Selection,
  TypeNode,
  ValueNode,
  VariableDefinition,
} from './ast.ts'
import { isField, isInlineFragment, typeNameOf, VALUE_KIND } from './ast.ts'
import type { Fault } from './errors.ts'
import type { Schema } from './schema-type.ts'

/** What is known about a value from its place. */
export interface ValueUse {
  readonly value: ValueNode
  readonly definition: Definition | undefined
  readonly expected: TypeNode | undefined
  readonly expectedHasDefault: boolean
  readonly variable: VariableDefinition | undefined
}

/** A rule, which may listen to any kind of node; nodes are reported after their content. */
export interface Rule {
  operation?(walk: Walk, operation: Operation): void
  variable?(walk: Walk, variable: VariableDefinition): void
  field?(
    walk: Walk,
    field: Field,
    definition: FieldDefinition | undefined,
    parent: Definition | undefined,
  ): void
  fragment?(walk: Walk, fragment: Fragment): void
  inlineFragment?(walk: Walk, fragment: InlineFragment, parent: Definition | undefined): void
  fragmentSpread?(
    walk: Walk,
    spread: FragmentSpread,
    fragment: Fragment | undefined,
    parent: Definition | undefined,
  ): void
  directive?(walk: Walk, directive: Directive, location: string): void
  directives?(walk: Walk, directives: readonly Directive[]): void
  value?(walk: Walk, use: ValueUse): void
}

const LOCATIONS: Readonly<Record<string, string>> = {
  query: 'QUERY',
  mutation: 'MUTATION',
  subscription: 'SUBSCRIPTION',
}
const TYPENAME: FieldDefinition = {
  Name: '__typename',
  Description: '',
  Type: { NamedType: 'String', NonNull: false },
}

/** One pass over a query that reports every node, with its types, to the rules. */
export class Walk {
  readonly schema: Schema
  readonly document: QueryDocument
  readonly faults: Fault[] = []
  readonly usedVariables = new Set<VariableDefinition>()
  operation: Operation | undefined
  readonly #positions: WeakMap<object, Fault['position'] & object>
  readonly #rules: readonly Rule[]
  #spread = new Set<string>()

  constructor(
    schema: Schema,
    document: QueryDocument,
    positions: Walk['positions'],
    rules: readonly Rule[],
  ) {
    this.schema = schema
    this.document = document
    this.#positions = positions
    this.#rules = rules
  }

  get positions(): WeakMap<object, Fault['position'] & object> {
    return this.#positions
  }

  fault(node: object, message: string): void {
    this.faults.push({ message, position: this.#positions.get(node) })
  }

  typeOf(type: TypeNode): Definition | undefined {
    return this.schema.types.get(typeNameOf(type))
  }

  fragmentNamed(name: string): Fragment | undefined {
    return this.document.Fragments?.find((fragment) => fragment.Name === name)
  }

  run(): readonly Fault[] {
    for (const operation of this.document.Operations ?? []) {
      this.#spread = new Set()
      this.#operation(operation)
    }
    for (const fragment of this.document.Fragments ?? []) {
      this.#spread = new Set()
      const definition = this.schema.types.get(fragment.TypeCondition)
      this.#directives(fragment.Directives ?? [], 'FRAGMENT_DEFINITION')
      this.#selections(definition, fragment.SelectionSet ?? [])
      for (const rule of this.#rules) rule.fragment?.(this, fragment)
    }
    return this.faults
  }

  #operation(operation: Operation): void {
    this.operation = operation
    const variables = operation.VariableDefinitions ?? []
    for (const variable of variables)
      for (const rule of this.#rules) rule.variable?.(this, variable)
    for (const variable of variables) {
      if (variable.DefaultValue !== undefined)
        this.#value(variable.DefaultValue, variable.Type, false)
      this.#directives(variable.Directives ?? [], 'VARIABLE_DEFINITION')
    }
    const root = this.schema.roots.get(operation.Operation === '' ? 'query' : operation.Operation)
    this.#directives(operation.Directives ?? [], LOCATIONS[operation.Operation] ?? 'QUERY')
    this.#selections(root, operation.SelectionSet ?? [])
    for (const rule of this.#rules) rule.operation?.(this, operation)
    this.operation = undefined
  }

  #directives(directives: readonly Directive[], location: string): void {
    for (const directive of directives) {
      const definition = this.schema.directives.get(directive.Name)
      this.#arguments(directive.Arguments ?? [], definition?.Arguments ?? [])
      for (const rule of this.#rules) rule.directive?.(this, directive, location)
    }
    for (const rule of this.#rules) rule.directives?.(this, directives)
  }

  #arguments(args: readonly Argument[], definitions: readonly ArgumentDefinition[]): void {
    for (const argument of args) {
      const definition = definitions.find(({ Name }) => Name === argument.Name)
      this.#value(argument.Value, definition?.Type, hasDefault(definition))
    }
  }

  #value(value: ValueNode, expected: TypeNode | undefined, expectedHasDefault: boolean): void {
    const definition = expected === undefined ? undefined : this.typeOf(expected)
    const variable =
      value.Kind === VALUE_KIND.variable
        ? this.operation?.VariableDefinitions?.find(({ Variable }) => Variable === value.Raw)
        : undefined
    if (variable !== undefined) this.usedVariables.add(variable)
    for (const child of value.Children ?? []) {
      if (value.Kind === VALUE_KIND.object) {
        const field = definition?.Fields?.find(({ Name }) => Name === child.Name)
        this.#value(child.Value, field?.Type, hasDefault(field))
      } else this.#value(child.Value, expected?.Elem, false)
    }
    const use: ValueUse = { value, definition, expected, expectedHasDefault, variable }
    for (const rule of this.#rules) rule.value?.(this, use)
  }

  #selections(parent: Definition | undefined, selections: readonly Selection[]): void {
    for (const selection of selections) {
      if (isField(selection)) this.#field(parent, selection)
      else if (isInlineFragment(selection)) this.#inlineFragment(parent, selection)
      else this.#fragmentSpread(parent, selection)
    }
  }

  #field(parent: Definition | undefined, field: Field): void {
    const definition =
      field.Name === '__typename'
        ? TYPENAME
        : parent?.Fields?.find(({ Name }) => Name === field.Name)
    this.#arguments(field.Arguments ?? [], definition?.Arguments ?? [])
    this.#directives(field.Directives ?? [], 'FIELD')
    this.#selections(
      definition === undefined ? undefined : this.typeOf(definition.Type),
      field.SelectionSet ?? [],
    )
    for (const rule of this.#rules) rule.field?.(this, field, definition, parent)
  }

  #inlineFragment(parent: Definition | undefined, fragment: InlineFragment): void {
    const type =
      fragment.TypeCondition === '' ? parent : this.schema.types.get(fragment.TypeCondition)
    this.#directives(fragment.Directives ?? [], 'INLINE_FRAGMENT')
    this.#selections(type, fragment.SelectionSet ?? [])
    for (const rule of this.#rules) rule.inlineFragment?.(this, fragment, parent)
  }

  #fragmentSpread(parent: Definition | undefined, spread: FragmentSpread): void {
    const fragment = this.fragmentNamed(spread.Name)
    this.#directives(spread.Directives ?? [], 'FRAGMENT_SPREAD')
    if (fragment !== undefined && !this.#spread.has(fragment.Name)) {
      this.#spread.add(fragment.Name)
      this.#directives(fragment.Directives ?? [], 'FRAGMENT_DEFINITION')
      this.#selections(this.schema.types.get(fragment.TypeCondition), fragment.SelectionSet ?? [])
    }
    for (const rule of this.#rules) rule.fragmentSpread?.(this, spread, fragment, parent)
  }
}

function hasDefault(definition: ArgumentDefinition | undefined): boolean {
  return definition?.DefaultValue !== undefined && definition.DefaultValue.Kind !== VALUE_KIND.null
}
