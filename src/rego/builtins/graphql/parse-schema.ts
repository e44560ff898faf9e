import type {
  ArgumentDefinition,
  CommentGroup,
  Definition,
  DirectiveDefinition,
  EnumValueDefinition,
  FieldDefinition,
  Positions,
  SchemaDefinition,
  SchemaDocument,
} from './ast.ts'
import { EOF } from './lexer.ts'
import type { Token } from './lexer.ts'
import { commentGroup, commentOf, DocumentReader, listOf } from './reader.ts'

const LOCATIONS: ReadonlySet<string> = new Set(
  (
    'QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA ' +
    'SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION'
  ).split(' '),
)
const KINDS: Readonly<Record<string, string>> = {
  scalar: 'SCALAR',
  type: 'OBJECT',
  interface: 'INTERFACE',
  union: 'UNION',
  enum: 'ENUM',
  input: 'INPUT_OBJECT',
}
const OPERATIONS: ReadonlySet<string> = new Set(['query', 'mutation', 'subscription'])

interface Description {
  readonly Description: string
  readonly BeforeDescriptionComment?: CommentGroup
}

/** A group of comments under a name; absent when there are none. */
function commented<K extends string>(
  name: K,
  token: Token | undefined,
): { [P in K]?: CommentGroup } {
  const group = token === undefined ? undefined : commentGroup(token)
  return group === undefined ? {} : ({ [name]: group } as { [P in K]?: CommentGroup })
}

/**
 * Parses a type system document (GraphQL specification, section 3).
 * @throws BuiltinError `… in GraphQL string at location line:column`.
 */
export function parseSchemaDocument(source: string, positions: Positions): SchemaDocument {
  const reader = new DocumentReader(source, positions)
  const schema: SchemaDefinition[] = []
  const schemaExtension: SchemaDefinition[] = []
  const directives: DirectiveDefinition[] = []
  const definitions: Definition[] = []
  const extensions: Definition[] = []
  while (reader.peek().kind !== EOF) {
    const description = readDescription(reader)
    const token = reader.peek()
    if (token.kind !== 'Name') reader.unexpected()
    if (token.value === 'extend') {
      if (description.Description !== '') reader.unexpected(reader.previous())
      extend(reader, schemaExtension, extensions)
    } else if (token.value === 'schema') schema.push(schemaDefinition(reader, description))
    else if (token.value === 'directive') directives.push(directiveDefinition(reader, description))
    else if (Object.hasOwn(KINDS, token.value))
      definitions.push(definition(reader, description, token))
    else reader.unexpected()
  }
  return {
    ...listOf('Schema', schema),
    ...listOf('SchemaExtension', schemaExtension),
    ...listOf('Directives', directives),
    ...listOf('Definitions', definitions),
    ...listOf('Extensions', extensions),
    ...commentOf(reader.peek()),
  }
}

function readDescription(reader: DocumentReader): Description {
  const token = reader.peek()
  if (token.kind !== 'String' && token.kind !== 'BlockString') return { Description: '' }
  reader.next()
  return { Description: token.value, ...commented('BeforeDescriptionComment', token) }
}

function extend(
  reader: DocumentReader,
  schemas: SchemaDefinition[],
  definitions: Definition[],
): void {
  const start = reader.expectKeyword('extend')
  const word = reader.peek().value
  if (word === 'schema') {
    const node = schemaDefinition(reader, { Description: '' }, start)
    if (node.Directives === undefined && node.OperationTypes === undefined) reader.unexpected()
    schemas.push(node)
  } else if (Object.hasOwn(KINDS, word)) {
    const node = definition(reader, { Description: '' }, start)
    const parts = [node.Directives, node.Interfaces, node.Fields, node.Types, node.EnumValues]
    if (parts.every((part) => part === undefined)) reader.unexpected()
    definitions.push(node)
  } else reader.unexpected()
}

function schemaDefinition(
  reader: DocumentReader,
  description: Description,
  commentedBy?: Token,
): SchemaDefinition {
  const keyword = reader.expectKeyword('schema')
  const start = reader.peek()
  const directives = reader.directives(true)
  const { items, end } = reader.some('{', '}', () => {
    const first = reader.peek()
    const operation = reader.next()
    if (!OPERATIONS.has(operation.value)) reader.unexpected(operation)
    reader.expect(':')
    return reader.located(
      { Operation: operation.value, Type: reader.name(), ...commentOf(first) },
      first,
    )
  })
  const comments = commented('AfterDescriptionComment', commentedBy ?? keyword)
  const node = { ...description, ...comments, ...directives, ...listOf('OperationTypes', items) }
  return reader.located({ ...node, ...commented('EndOfDefinitionComment', end) }, start)
}

/** A type definition or extension; the token carries its comments. */
function definition(
  reader: DocumentReader,
  description: Description,
  commentedBy: Token,
): Definition {
  const keyword = reader.next()
  const Kind = KINDS[keyword.value]!
  const start = reader.peek()
  const Name = reader.name()
  const interfaces =
    Kind === 'OBJECT' || Kind === 'INTERFACE' ? listOf('Interfaces', implemented(reader)) : {}
  const directives = reader.directives(true)
  const { parts, end } = body(reader, Kind)
  const node = {
    ...description,
    ...commented('AfterDescriptionComment', commentedBy),
    Kind,
    Name,
    BuiltIn: false,
  }
  const rest = {
    ...interfaces,
    ...directives,
    ...parts,
    ...commented('EndOfDefinitionComment', end),
  }
  return reader.located({ ...node, ...rest }, start)
}

function body(
  reader: DocumentReader,
  kind: string,
): { parts: Partial<Definition>; end: Token | undefined } {
  if (kind === 'UNION') return { parts: listOf('Types', unionMembers(reader)), end: undefined }
  if (kind === 'ENUM') {
    const { items, end } = reader.some('{', '}', () => enumValue(reader))
    return { parts: listOf('EnumValues', items), end }
  }
  if (kind === 'SCALAR') return { parts: {}, end: undefined }
  const { items, end } = reader.some('{', '}', () => field(reader, kind !== 'INPUT_OBJECT'))
  return { parts: listOf('Fields', items), end }
}

function implemented(reader: DocumentReader): string[] {
  if (reader.peek().value !== 'implements') return []
  reader.next()
  reader.skip('&')
  const names = [reader.name()]
  while (reader.skip('&')) names.push(reader.name())
  return names
}

function unionMembers(reader: DocumentReader): string[] {
  if (!reader.skip('=')) return []
  reader.skip('|')
  const names = [reader.name()]
  while (reader.skip('|')) names.push(reader.name())
  return names
}

function enumValue(reader: DocumentReader): EnumValueDefinition {
  const description = readDescription(reader)
  const start = reader.peek()
  const Name = reader.name()
  const comment = commented('AfterDescriptionComment', start)
  return reader.located({ ...description, ...comment, Name, ...reader.directives(true) }, start)
}

/** A field of an object or interface (with arguments), or of an input object (with a default). */
function field(reader: DocumentReader, isOutput: boolean): FieldDefinition {
  const description = readDescription(reader)
  const start = reader.peek()
  const Name = reader.name()
  const args = isOutput ? listOf('Arguments', argumentDefinitions(reader)) : {}
  reader.expect(':')
  const Type = reader.type()
  const initial = !isOutput && reader.skip('=') ? { DefaultValue: reader.value(true) } : {}
  const node = {
    ...description,
    ...commented('AfterDescriptionComment', start),
    Name,
    ...args,
    ...initial,
    Type,
  }
  return reader.located({ ...node, ...reader.directives(true) }, start)
}

function argumentDefinitions(reader: DocumentReader): ArgumentDefinition[] {
  return reader.some('(', ')', () => field(reader, false)).items
}

function directiveDefinition(
  reader: DocumentReader,
  description: Description,
): DirectiveDefinition {
  const keyword = reader.expectKeyword('directive')
  reader.expect('@')
  const start = reader.peek()
  const Name = reader.name()
  const args = listOf('Arguments', argumentDefinitions(reader))
  const IsRepeatable = reader.peek().value === 'repeatable' && reader.skip('Name')
  reader.expectKeyword('on')
  reader.skip('|')
  const Locations = [location(reader)]
  while (reader.skip('|')) Locations.push(location(reader))
  const node = {
    ...description,
    ...commented('AfterDescriptionComment', keyword),
    Name,
    ...args,
    Locations,
    IsRepeatable,
  }
  return reader.located(node, start)
}

function location(reader: DocumentReader): string {
  const token = reader.expect('Name')
  return LOCATIONS.has(token.value) ? token.value : reader.unexpected(token)
}
