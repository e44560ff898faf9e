import type {
  ArgumentDefinition,
  Definition,
  Directive,
  DirectiveDefinition,
  FieldDefinition,
  TypeNode,
} from './ast.ts'
import { typeNameOf, typeText, VALUE_KIND } from './ast.ts'
import { schemaError } from './errors.ts'
import type { Schema } from './schema-type.ts'

const OUTPUT_KINDS: readonly string[] = ['SCALAR', 'OBJECT', 'INTERFACE', 'UNION', 'ENUM']
const INPUT_KINDS: readonly string[] = ['SCALAR', 'ENUM', 'INPUT_OBJECT']
const NOT_ENUM: ReadonlySet<string> = new Set(['true', 'false', 'null'])

function fail(schema: Schema, node: object, message: string): never {
  throw schemaError({ message, position: schema.positions.get(node) })
}

function checkName(schema: Schema, node: { readonly Name: string }): void {
  if (node.Name.startsWith('__')) {
    fail(
      schema,
      node,
      `Name "${node.Name}" must not begin with "__", which is reserved by GraphQL introspection.`,
    )
  }
}

function checkType(schema: Schema, type: TypeNode): Definition {
  const name = typeNameOf(type)
  return schema.types.get(name) ?? fail(schema, type, `Undefined type ${name}.`)
}

export function checkDirectiveDefinition(schema: Schema, definition: DirectiveDefinition): void {
  checkName(schema, definition)
  checkArguments(schema, definition.Arguments ?? [], definition)
}

function checkArguments(
  schema: Schema,
  args: readonly ArgumentDefinition[],
  within: DirectiveDefinition | undefined,
): void {
  for (const argument of args) {
    checkName(schema, argument)
    const type = checkType(schema, argument.Type)
    if (!INPUT_KINDS.includes(type.Kind)) {
      const use = `cannot use ${typeText(argument.Type)} as argument ${argument.Name}`
      fail(schema, argument, `${use} because ${type.Kind} is not a valid input type`)
    }
    checkDirectives(schema, argument.Directives ?? [], 'ARGUMENT_DEFINITION', within, true)
  }
}

/** Checks the directives at one place; `once` says that they were written there, not merged from extensions. */
export function checkDirectives(
  schema: Schema,
  directives: readonly Directive[],
  location: string,
  within: DirectiveDefinition | undefined,
  once: boolean,
): void {
  const seen = new Set<string>()
  for (const directive of directives) {
    checkName(schema, directive)
    if (directive.Name === within?.Name)
      fail(schema, directive, `Directive ${within.Name} cannot refer to itself.`)
    const definition = schema.directives.get(directive.Name)
    if (definition === undefined) fail(schema, directive, `Undefined directive ${directive.Name}.`)
    if (once && seen.has(directive.Name) && !definition.IsRepeatable) {
      fail(
        schema,
        directive,
        `The directive ${directive.Name} can only be used once at this location.`,
      )
    }
    seen.add(directive.Name)
    if (!definition.Locations.includes(location)) {
      fail(schema, directive, `Directive ${directive.Name} is not applicable on ${location}.`)
    }
    checkDirectiveArguments(schema, directive, definition)
  }
}

function checkDirectiveArguments(
  schema: Schema,
  directive: Directive,
  definition: DirectiveDefinition,
): void {
  const known = definition.Arguments ?? []
  const given = directive.Arguments ?? []
  for (const argument of given) {
    if (!known.some(({ Name }) => Name === argument.Name)) {
      fail(schema, argument, `Undefined argument ${argument.Name} for directive ${directive.Name}.`)
    }
  }
  for (const { Name, Type, DefaultValue } of known) {
    if (!Type.NonNull || DefaultValue !== undefined) continue
    const found = given.find((argument) => argument.Name === Name)
    if (found === undefined || found.Value.Kind === VALUE_KIND.null) {
      fail(schema, directive, `Argument ${Name} for directive ${directive.Name} cannot be null.`)
    }
  }
}

/** Checks one type of a schema. */
export function checkDefinition(schema: Schema, definition: Definition): void {
  // The specification's own types may use the names that it reserves.
  if (definition.BuiltIn) return
  for (const field of definition.Fields ?? []) checkField(schema, definition, field)
  for (const name of definition.Types ?? []) checkMember(schema, definition, name)
  for (const name of definition.Interfaces ?? []) checkImplements(schema, definition, name)
  checkKind(schema, definition)
  const unique = (nodes: readonly { readonly Name: string }[], what: string): void => {
    const twice = nodes.find((node, i) => nodes.findIndex((other) => other.Name === node.Name) < i)
    if (twice !== undefined)
      fail(schema, twice, `${what} ${definition.Name}.${twice.Name} can only be defined once.`)
  }
  unique(definition.Fields ?? [], 'Field')
  unique(definition.EnumValues ?? [], 'Enum value')
  const members = definition.Types ?? []
  const repeated = members.find((name, i) => members.indexOf(name) < i)
  if (repeated !== undefined) {
    fail(
      schema,
      definition,
      `Union type ${definition.Name} can only include type ${repeated} once.`,
    )
  }
  checkName(schema, definition)
  checkDirectives(schema, definition.Directives ?? [], definition.Kind, undefined, false)
}

function checkField(schema: Schema, definition: Definition, field: FieldDefinition): void {
  checkName(schema, field)
  checkType(schema, field.Type)
  checkArguments(schema, field.Arguments ?? [], undefined)
  const location =
    definition.Kind === 'INPUT_OBJECT' ? 'INPUT_FIELD_DEFINITION' : 'FIELD_DEFINITION'
  checkDirectives(schema, field.Directives ?? [], location, undefined, true)
}

function checkMember(schema: Schema, definition: Definition, name: string): void {
  const type = schema.types.get(name)
  if (type === undefined) fail(schema, definition, `Undefined type "${name}".`)
  if (type.Kind !== 'OBJECT')
    fail(schema, definition, `${definition.Kind} type "${name}" must be OBJECT.`)
}

function checkKind(schema: Schema, definition: Definition): void {
  const { Kind, Name, Fields = [], EnumValues = [] } = definition
  const missing: Readonly<Record<string, string>> = {
    OBJECT: 'fields',
    INTERFACE: 'fields',
    INPUT_OBJECT: 'input fields',
    ENUM: 'unique enum values',
  }
  const empty = Kind === 'ENUM' ? EnumValues.length === 0 : Fields.length === 0
  if (missing[Kind] !== undefined && empty) {
    fail(schema, definition, `${Kind} ${Name}: must define one or more ${missing[Kind]}.`)
  }
  const isInput = Kind === 'INPUT_OBJECT'
  const allowed = isInput ? INPUT_KINDS : OUTPUT_KINDS
  for (const field of Fields) {
    const type = checkType(schema, field.Type)
    if (allowed.includes(type.Kind)) continue
    const subject = isInput ? `${type.Kind} ${field.Name}` : `${Kind} ${Name}`
    fail(schema, field, `${subject}: field must be one of ${allowed.join(', ')}.`)
  }
  for (const value of EnumValues) {
    if (NOT_ENUM.has(value.Name))
      fail(schema, definition, `${Kind} ${Name}: non-enum value ${value.Name}.`)
    checkDirectives(schema, value.Directives ?? [], 'ENUM_VALUE', undefined, true)
  }
}

function checkImplements(schema: Schema, definition: Definition, name: string): void {
  const type = schema.types.get(name)
  if (type === undefined) fail(schema, definition, `Undefined type "${name}".`)
  if (type.Kind !== 'INTERFACE')
    fail(schema, definition, `"${name}" is a non interface type ${type.Kind}.`)
  for (const required of type.Fields ?? [])
    checkImplementedField(schema, definition, type, required)
  const implemented = definition.Interfaces ?? []
  for (const inherited of type.Interfaces ?? []) {
    if (implemented.includes(inherited)) continue
    const message =
      inherited === definition.Name
        ? `Type ${definition.Name} cannot implement ${name} because it would create a circular reference.`
        : `Type ${definition.Name} must implement ${inherited} because it is implemented by ${name}.`
    fail(schema, definition, message)
  }
}

function checkImplementedField(
  schema: Schema,
  definition: Definition,
  type: Definition,
  required: FieldDefinition,
): void {
  const purpose = `For ${definition.Name} to implement ${type.Name}`
  const found = definition.Fields?.find(({ Name }) => Name === required.Name)
  if (found === undefined)
    fail(schema, definition, `${purpose} it must have a field called ${required.Name}.`)
  if (!isCovariant(schema, required.Type, found.Type)) {
    fail(
      schema,
      found,
      `${purpose} the field ${required.Name} must have type ${typeText(required.Type)}.`,
    )
  }
  const requiredArguments = required.Arguments ?? []
  const sameArguments = `${purpose} the field ${required.Name} must have the same arguments but`
  for (const { Name, Type } of requiredArguments) {
    const argument = found.Arguments?.find((candidate) => candidate.Name === Name)
    if (argument === undefined) fail(schema, found, `${sameArguments} it is missing ${Name}.`)
    if (!isCompatible(Type, argument.Type))
      fail(schema, argument, `${sameArguments} ${Name} has the wrong type.`)
  }
  for (const argument of found.Arguments ?? []) {
    const isKnown = requiredArguments.some(({ Name }) => Name === argument.Name)
    if (isKnown || !argument.Type.NonNull || argument.DefaultValue !== undefined) continue
    const rule = `any additional arguments on ${found.Name} must be optional or have a default value`
    fail(schema, argument, `${purpose} ${rule} but ${argument.Name} is required.`)
  }
}

function isCovariant(schema: Schema, required: TypeNode, actual: TypeNode): boolean {
  if (required.NonNull && !actual.NonNull) return false
  if (required.NamedType !== '' || required.Elem === undefined) {
    if (required.NamedType === actual.NamedType) return true
    return (schema.possibleTypes.get(required.NamedType) ?? []).some(
      ({ Name }) => Name === actual.NamedType,
    )
  }
  return actual.Elem !== undefined && isCovariant(schema, required.Elem, actual.Elem)
}

/** Whether a value of the first type may be used where the second is expected. */
export function isCompatible(type: TypeNode, expected: TypeNode): boolean {
  if (type.NamedType !== expected.NamedType) return false
  if (
    type.Elem !== undefined &&
    (expected.Elem === undefined || !isCompatible(type.Elem, expected.Elem))
  )
    return false
  return !expected.NonNull || type.NonNull
}
