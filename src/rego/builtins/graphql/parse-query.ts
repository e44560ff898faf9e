import type {
  Fragment,
  Operation,
  Positions,
  QueryDocument,
  Selection,
  VariableDefinition,
} from './ast.ts'
import { syntaxError } from './errors.ts'
import { EOF } from './lexer.ts'
import { commentOf, DocumentReader, listOf } from './reader.ts'

const OPERATIONS: ReadonlySet<string> = new Set(['query', 'mutation', 'subscription'])

/**
 * Parses an executable document (GraphQL specification, section 2.2).
 * @throws BuiltinError `… in GraphQL string at location line:column`.
 */
export function parseQueryDocument(source: string, positions: Positions): QueryDocument {
  const reader = new DocumentReader(source, positions)
  const operations: Operation[] = []
  const fragments: Fragment[] = []
  for (let token = reader.peek(); token.kind !== EOF; token = reader.peek()) {
    if (token.kind === '{' || (token.kind === 'Name' && OPERATIONS.has(token.value)))
      operations.push(operation(reader))
    else if (token.kind === 'Name' && token.value === 'fragment') fragments.push(fragment(reader))
    else reader.unexpected()
  }
  return { ...listOf('Operations', operations), ...listOf('Fragments', fragments) }
}

function operation(reader: DocumentReader): Operation {
  const start = reader.peek()
  if (start.kind === '{') {
    return reader.located({ Operation: 'query', Name: '', ...selectionSet(reader) }, start)
  }
  const Operation = reader.next().value
  const Name = reader.peek().kind === 'Name' ? reader.next().value : ''
  const variables = listOf('VariableDefinitions', variableDefinitions(reader))
  const node = {
    Operation,
    Name,
    ...variables,
    ...reader.directives(false),
    ...selectionSet(reader),
  }
  return reader.located({ ...node, ...commentOf(start) }, start)
}

function variableDefinitions(reader: DocumentReader): VariableDefinition[] {
  return reader.some('(', ')', () => {
    const start = reader.peek()
    const Variable = reader.variable()
    reader.expect(':')
    const Type = reader.type()
    const initial = reader.skip('=') ? { DefaultValue: reader.value(true) } : {}
    const node = {
      Variable,
      Type,
      ...initial,
      ...reader.directives(false),
      Used: false,
      ...commentOf(start),
    }
    return reader.located(node, start)
  }).items
}

function selectionSet(reader: DocumentReader): { SelectionSet?: readonly Selection[] } {
  const token = reader.peek()
  if (token.kind !== '{') throw syntaxError(`Expected {, found ${token.kind}`, token.position)
  return listOf('SelectionSet', reader.some('{', '}', () => selection(reader)).items)
}

function selection(reader: DocumentReader): Selection {
  if (reader.peek().kind === '...') return fragmentUse(reader)
  const start = reader.peek()
  const Alias = reader.name()
  const Name = reader.skip(':') ? reader.name() : Alias
  const head = { Alias, Name, ...reader.arguments(false), ...reader.directives(false) }
  const inner = reader.peek().kind === '{' ? selectionSet(reader) : {}
  return reader.located({ ...head, ...inner, ...commentOf(start) }, start)
}

function fragmentUse(reader: DocumentReader): Selection {
  const comment = commentOf(reader.expect('...'))
  const start = reader.peek()
  if (start.kind === 'Name' && start.value !== 'on') {
    const Name = fragmentName(reader)
    return reader.located({ Name, ...reader.directives(false), ...comment }, start)
  }
  let TypeCondition = ''
  if (start.value === 'on') {
    reader.next()
    TypeCondition = reader.name()
  }
  const node = { TypeCondition, ...reader.directives(false), ...selectionSet(reader), ...comment }
  return reader.located(node, start)
}

function fragmentName(reader: DocumentReader): string {
  return reader.peek().value === 'on' ? reader.unexpected() : reader.name()
}

function fragment(reader: DocumentReader): Fragment {
  const start = reader.expectKeyword('fragment')
  const Name = fragmentName(reader)
  const variables = listOf('VariableDefinition', variableDefinitions(reader))
  reader.expectKeyword('on')
  const TypeCondition = reader.name()
  const node = {
    Name,
    ...variables,
    TypeCondition,
    ...reader.directives(false),
    ...selectionSet(reader),
  }
  return reader.located({ ...node, ...commentOf(start) }, start)
}
