/**
 * The syntax tree, in exactly the form that policies see: plain JSON, with empty parts left out. The places of nodes in
 * the source are kept separately, in {@link Positions}.
 */

/** A place in the source, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The positions of nodes in parsed documents; nodes that a policy wrote itself have none. */
export type Positions = WeakMap<object, Position>

/** The comments in front of a node. */
export interface CommentGroup {
  readonly List: readonly { readonly Value: string }[]
}

/** Go's numbers for kinds of values. */
export const VALUE_KIND = {
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
} as const

export interface ValueNode {
  readonly Raw: string
  readonly Kind: number
  readonly Children?: readonly ChildValue[]
  readonly ExpectedTypeHasDefault: boolean
  readonly Comment?: CommentGroup
}

export interface ChildValue {
  readonly Name: string
  readonly Value: ValueNode
  readonly Comment?: CommentGroup
}

export interface TypeNode {
  readonly NamedType: string
  readonly Elem?: TypeNode
  readonly NonNull: boolean
}

export interface Argument {
  readonly Name: string
  readonly Value: ValueNode
  readonly Comment?: CommentGroup
}

export interface Directive {
  readonly Name: string
  readonly Arguments?: readonly Argument[]
  readonly Location: string
}

export interface VariableDefinition {
  readonly Variable: string
  readonly Type: TypeNode
  readonly DefaultValue?: ValueNode
  readonly Directives?: readonly Directive[]
  readonly Used: boolean
  readonly Comment?: CommentGroup
}

export interface Field {
  readonly Alias: string
  readonly Name: string
  readonly Arguments?: readonly Argument[]
  readonly Directives?: readonly Directive[]
  readonly SelectionSet?: readonly Selection[]
  readonly Comment?: CommentGroup
}

export interface InlineFragment {
  readonly TypeCondition: string
  readonly Directives?: readonly Directive[]
  readonly SelectionSet?: readonly Selection[]
  readonly Comment?: CommentGroup
}

export interface FragmentSpread {
  readonly Name: string
  readonly Directives?: readonly Directive[]
  readonly Comment?: CommentGroup
}

export type Selection = Field | InlineFragment | FragmentSpread

export interface Operation {
  readonly Operation: string
  readonly Name: string
  readonly VariableDefinitions?: readonly VariableDefinition[]
  readonly Directives?: readonly Directive[]
  readonly SelectionSet?: readonly Selection[]
  readonly Comment?: CommentGroup
}

export interface Fragment {
  readonly Name: string
  readonly VariableDefinition?: readonly VariableDefinition[]
  readonly TypeCondition: string
  readonly Directives?: readonly Directive[]
  readonly SelectionSet?: readonly Selection[]
  readonly Comment?: CommentGroup
}

export interface QueryDocument {
  readonly Operations?: readonly Operation[]
  readonly Fragments?: readonly Fragment[]
}

interface Described {
  readonly Description: string
  readonly BeforeDescriptionComment?: CommentGroup
  readonly AfterDescriptionComment?: CommentGroup
}

export interface ArgumentDefinition extends Described {
  readonly Name: string
  readonly DefaultValue?: ValueNode
  readonly Type: TypeNode
  readonly Directives?: readonly Directive[]
}

export interface FieldDefinition extends ArgumentDefinition {
  readonly Arguments?: readonly ArgumentDefinition[]
}

export interface EnumValueDefinition extends Described {
  readonly Name: string
  readonly Directives?: readonly Directive[]
}

export interface Definition extends Described {
  readonly Kind: string
  readonly Name: string
  readonly Directives?: readonly Directive[]
  readonly Interfaces?: readonly string[]
  readonly Fields?: readonly FieldDefinition[]
  readonly Types?: readonly string[]
  readonly EnumValues?: readonly EnumValueDefinition[]
  readonly BuiltIn: boolean
  readonly EndOfDefinitionComment?: CommentGroup
}

export interface DirectiveDefinition extends Described {
  readonly Name: string
  readonly Arguments?: readonly ArgumentDefinition[]
  readonly Locations: readonly string[]
  readonly IsRepeatable: boolean
}

export interface OperationTypeDefinition {
  readonly Operation: string
  readonly Type: string
  readonly Comment?: CommentGroup
}

export interface SchemaDefinition extends Described {
  readonly Directives?: readonly Directive[]
  readonly OperationTypes?: readonly OperationTypeDefinition[]
  readonly EndOfDefinitionComment?: CommentGroup
}

export interface SchemaDocument {
  readonly Schema?: readonly SchemaDefinition[]
  readonly SchemaExtension?: readonly SchemaDefinition[]
  readonly Directives?: readonly DirectiveDefinition[]
  readonly Definitions?: readonly Definition[]
  readonly Extensions?: readonly Definition[]
  readonly Comment?: CommentGroup
}

export function isField(selection: Selection): selection is Field {
  return 'Alias' in selection
}

export function isInlineFragment(selection: Selection): selection is InlineFragment {
  return !('Alias' in selection) && 'TypeCondition' in selection
}

/** The name of a type without lists and exclamation marks. */
export function typeNameOf(type: TypeNode): string {
  return type.NamedType !== '' || type.Elem === undefined ? type.NamedType : typeNameOf(type.Elem)
}

/** A type as GraphQL source. */
export function typeText(type: TypeNode): string {
  const inner =
    type.NamedType !== '' || type.Elem === undefined ? type.NamedType : `[${typeText(type.Elem)}]`
  return inner + (type.NonNull ? '!' : '')
}

/** A value as GraphQL source. */
export function valueText(value: ValueNode): string {
  const children = value.Children ?? []
  switch (value.Kind) {
    case VALUE_KIND.variable:
      return `$${value.Raw}`
    case VALUE_KIND.string:
    case VALUE_KIND.block:
      return JSON.stringify(value.Raw)
    case VALUE_KIND.list:
      return `[${children.map((child) => valueText(child.Value)).join(',')}]`
    case VALUE_KIND.object:
      return `{${children.map((child) => `${child.Name}:${valueText(child.Value)}`).join(',')}}`
    default:
      return value.Raw
  }
}
