import type { Document, Node, Pair } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { ConfigErrorCode, ConfigPath, Span } from './config-error.ts'

const ALIASES_MAX = 100
const BRACKET_DEPTH_MAX = 1000
const TEXT_CHARACTERS_MAX = 8 * 1024 * 1024

/** A mistake in the text itself, found before its values are checked. */
interface SourceError {
  readonly code: ConfigErrorCode
  readonly message: string
  readonly span: Span | undefined
}

/** A parsed text: its value, and where each part of it stands. */
export interface ConfigSource {
  readonly value: unknown
  readonly errors: readonly SourceError[]
  /** The line with this 1-based number. */
  line(line: number): string | undefined
  /**
   * Where the value at `path` stands, or its key. For a path that is not in the text, the place of its nearest
   * ancestor that is.
   */
  locate(path: ConfigPath, part: 'key' | 'value'): Span | undefined
}

/**
 * Parses YAML 1.2 (and therefore JSON). Duplicate keys, unknown tags and unresolved aliases are errors; the
 * expansion of aliases is bounded, so that a small text cannot grow into a large value.
 */
export function parseYamlSource(text: string): ConfigSource {
  const lines = new LineCounter()
  const sourceLines = text.split(/\r\n|\n/)
  const span = (from: number, to: number): Span => spanOf(lines, sourceLines, from, to)
  const line = (number: number): string | undefined => sourceLines[number - 1]
  const failed = (message: string): ConfigSource => ({
    value: undefined,
    errors: [{ code: 'syntax', message, span: undefined }],
    line,
    locate: () => undefined,
  })
  if (text.length > TEXT_CHARACTERS_MAX) return failed('the file is larger than 8 MiB')
  if (isNestedTooDeep(text)) return failed('nested too deep: more than 1000 levels')
  const document = attempt(() =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' }),
  )
  if (document instanceof Error) return failed(document.message)
  const errors = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      code: (error.code === 'DUPLICATE_KEY' ? 'duplicate_key' : 'syntax') as ConfigErrorCode,
      message: describeYamlError(error.code, error.message),
      span: span(error.pos[0], error.pos[1]),
    })),
    ...unresolvedAliases(document, span),
  ]
  const value = errors.length > 0 ? undefined : attempt(() => toValue(document))
  if (value instanceof Error) return failed('aliases multiply into more than the bound allows')
  // A truncated file must not pass for a configuration without routes.
  if (value === null && errors.length === 0)
    return failed('the file is empty; write {} for all defaults')
  return {
    value,
    errors,
    line,
    locate: (path, part) => locateNode(document, path, part, span),
  }
}

/** A cheap check ahead of the parser, whose time grows with the square of the depth. */
function isNestedTooDeep(text: string): boolean {
  if (/(?:[-?:][ \t]+){1000}/.test(text)) return true
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > BRACKET_DEPTH_MAX) return true
  }
  return false
}

const toValue = (document: Document.Parsed): unknown =>
  document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown

function attempt<T>(action: () => T): T | Error {
  try {
    return action()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function describeYamlError(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands twice in the same mapping'
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one YAML document'
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

function unresolvedAliases(
  document: Document.Parsed,
  span: (from: number, to: number) => Span,
): SourceError[] {
  const errors: SourceError[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return
      const [from, to] = alias.range ?? [0, 1]
      errors.push({
        code: 'syntax',
        message: `the alias *${alias.source} names no anchor above it`,
        span: span(from, to),
      })
    },
  })
  return errors
}

function locateNode(
  document: Document.Parsed,
  path: ConfigPath,
  part: 'key' | 'value',
  span: (from: number, to: number) => Span,
): Span | undefined {
  let node: Node | null = document.contents
  let found: Node | null = node
  for (const [index, step] of path.entries()) {
    const resolved: Node | null = isAlias(node) ? (node.resolve(document) ?? null) : node
    if (isMap(resolved)) {
      const pair: Pair | undefined = resolved.items.find((item) => keyText(item) === String(step))
      if (pair === undefined) break
      const wantsKey = part === 'key' || !isNode(pair.value) || index < path.length - 1
      if (wantsKey && isNode(pair.key)) found = pair.key
      node = isNode(pair.value) ? pair.value : null
    } else if (isSeq(resolved)) {
      const item: unknown = resolved.items[Number(step)]
      if (!isNode(item)) break
      node = item
      found = firstKey(item) ?? item
    } else break
    if (index === path.length - 1 && part === 'value' && node !== null) {
      found = firstKey(node) === undefined ? node : found
    }
  }
  if (path.length === 0) found = firstKey(node) ?? node
  return found?.range ? span(found.range[0], found.range[1]) : undefined
}

const keyText = (pair: Pair): string =>
  isScalar(pair.key) ? String(pair.key.value) : String(pair.key)

function firstKey(node: Node | null): Node | undefined {
  const key = isMap(node) ? node.items[0]?.key : undefined
  return isNode(key) ? key : undefined
}

function spanOf(
  lines: LineCounter,
  sourceLines: readonly string[],
  from: number,
  to: number,
): Span {
  const { line, col } = lines.linePos(from)
  const available = (sourceLines[line - 1] ?? '').trimEnd().length - col + 1
  return { line, column: col, length: Math.max(1, Math.min(to - from, available)) }
}
