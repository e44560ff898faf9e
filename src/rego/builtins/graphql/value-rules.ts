import type { Definition, TypeNode, ValueNode } from './ast.ts'
import { typeText, VALUE_KIND, valueText } from './ast.ts'
import type { Rule, Walk } from './walker.ts'

const STANDARD_SCALARS: ReadonlySet<string> = new Set(['Int', 'Float', 'String', 'Boolean', 'ID'])

/** The scalars that each kind of literal may represent. */
const ACCEPTED: Readonly<Record<number, ReadonlySet<string>>> = {
  [VALUE_KIND.int]: new Set(['Int', 'Float', 'ID']),
  [VALUE_KIND.float]: new Set(['Float']),
  [VALUE_KIND.boolean]: new Set(['Boolean']),
  [VALUE_KIND.string]: new Set(['String', 'ID']),
  [VALUE_KIND.block]: new Set(['String', 'ID']),
}
const TYPE_MESSAGES: Readonly<Record<string, string>> = {
  String: 'String cannot represent a non string value: ',
  '[String]': 'String cannot represent a non string value: ',
  Boolean: 'Boolean cannot represent a non boolean value: ',
  Float: 'Float cannot represent non numeric value: ',
  ID: 'ID cannot represent a non-string and non-integer value: ',
}

function wrongType(expected: TypeNode, value: ValueNode): string {
  const type = typeText(expected)
  const shown = valueText(value)
  const bare = type.replace(/!$/, '')
  if (bare === 'Int') {
    const outside = value.Kind === VALUE_KIND.int && Math.abs(Number(value.Raw)) > 2 ** 31
    return outside
      ? `Int cannot represent non 32-bit signed integer value: ${shown}`
      : `Int cannot represent non-integer value: ${shown}`
  }
  const message = TYPE_MESSAGES[bare]
  return message === undefined
    ? `Expected value of type "${type}", found ${shown}.`
    : message + shown
}

/** Values match the types of their places (GraphQL specification, section 5.6.1). */
export const valuesOfCorrectType: Rule = {
  value(walk, { value, definition, expected }) {
    if (definition === undefined || expected === undefined || value.Kind === VALUE_KIND.variable)
      return
    if (value.Kind === VALUE_KIND.null) {
      if (expected.NonNull) {
        walk.fault(
          value,
          `Expected value of type "${typeText(expected)}", found ${valueText(value)}.`,
        )
      }
      return
    }
    if (definition.Kind === 'SCALAR' && !STANDARD_SCALARS.has(definition.Name)) return
    if (value.Kind === VALUE_KIND.object) checkObject(walk, value, definition)
    else if (value.Kind === VALUE_KIND.list) {
      if (expected.Elem === undefined) walk.fault(value, wrongType(expected, value))
    } else checkLiteral(walk, value, definition, expected)
  },
}

function checkLiteral(
  walk: Walk,
  value: ValueNode,
  definition: Definition,
  expected: TypeNode,
): void {
  const isText = value.Kind === VALUE_KIND.string || value.Kind === VALUE_KIND.block
  if (definition.Kind === 'ENUM' && isText) {
    walk.fault(
      value,
      `Enum "${typeText(expected)}" cannot represent non-enum value: ${valueText(value)}.`,
    )
  } else if (value.Kind === VALUE_KIND.enum && definition.Kind === 'ENUM') {
    if (definition.EnumValues?.some(({ Name }) => Name === value.Raw) === true) return
    walk.fault(value, `Value "${valueText(value)}" does not exist in "${typeText(expected)}" enum.`)
  } else if (ACCEPTED[value.Kind]?.has(definition.Name) !== true)
    walk.fault(value, wrongType(expected, value))
}

function checkObject(walk: Walk, value: ValueNode, definition: Definition): void {
  const fields = definition.Fields ?? []
  const children = value.Children ?? []
  for (const { Name, Type, DefaultValue } of fields) {
    if (
      !Type.NonNull ||
      DefaultValue !== undefined ||
      children.some((child) => child.Name === Name)
    )
      continue
    const what = `Field "${definition.Name}.${Name}" of required type "${typeText(Type)}"`
    walk.fault(value, `${what} was not provided.`)
  }
  if (definition.Directives?.some(({ Name }) => Name === 'oneOf') === true)
    checkOneOf(walk, value, definition)
  for (const child of children) {
    if (fields.some(({ Name }) => Name === child.Name)) continue
    walk.fault(child, `Field "${child.Name}" is not defined by type "${definition.Name}".`)
  }
}

function checkOneOf(walk: Walk, value: ValueNode, definition: Definition): void {
  const children = value.Children ?? []
  const [only] = children
  if (children.length !== 1 || only === undefined) {
    walk.fault(value, `OneOf Input Object "${definition.Name}" must specify exactly one key.`)
  } else if (only.Value.Kind === VALUE_KIND.null) {
    walk.fault(only.Value, `Field "${definition.Name}.${only.Name}" must be non-null.`)
  }
}
