import type { Json } from '../core/index.ts'
import { LabError } from '../core/index.ts'

/** Values by name: the current row of a feed, a value captured from an answer, what `setup` returned. */
export type Scope = Readonly<Record<string, Json>>

/** Text with placeholders, such as `/memories/{{memory.id}}`, ready to be filled in. */
export interface Template {
  /** The first parts of the names in it: feeds, or names of captured values. */
  readonly roots: readonly string[]
  /** @throws LabError if a name has no value. */
  render(scope: Scope): string
}

/** How a value is escaped for its surroundings. */
export type Encoding = 'header' | 'json' | 'path' | 'text'

const PLACE = /\{\{\s*([\w-]+(?:\.[\w-]+)*)\s*\}\}/g
const QUOTED_PLACE = /"\{\{\s*[\w-]+(?:\.[\w-]+)*\s*\}\}"/g

type Part = string | { readonly path: readonly string[]; readonly encode: (value: Json) => string }

/**
 * Parses a template. In a path, values are percent-encoded. In JSON, a string that is nothing but a
 * placeholder takes the value with its type; other strings take the value's text, escaped.
 */
export function parseTemplate(text: string, encoding: Encoding): Template {
  const parts = encoding === 'json' ? splitJson(text) : split(text, ENCODERS[encoding])
  const roots = new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.path[0]!)))
  return {
    roots: [...roots],
    render: (scope) =>
      parts
        .map((part) => (typeof part === 'string' ? part : part.encode(lookUp(scope, part.path))))
        .join(''),
  }
}

function split(text: string, encode: (value: Json) => string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of text.matchAll(PLACE)) {
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push({ path: match[1]!.split('.'), encode })
    from = match.index + match[0].length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

function splitJson(text: string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of text.matchAll(QUOTED_PLACE)) {
    parts.push(...split(text.slice(from, match.index), ENCODERS.json))
    parts.push(...split(match[0].slice(1, -1), (value) => JSON.stringify(value)))
    from = match.index + match[0].length
  }
  return [...parts, ...split(text.slice(from), ENCODERS.json)]
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

const ENCODERS: Readonly<Record<Encoding, (value: Json) => string>> = {
  path: (value) => encodeURIComponent(textOf(value)),
  json: (value) => JSON.stringify(textOf(value)).slice(1, -1),
  text: textOf,
  header: (value) => {
    const text = textOf(value)
    if (/[\r\n\0]/.test(text)) throw new LabError('a value with a line break cannot be in a header')
    return text
  },
}

function lookUp(scope: Scope, path: readonly string[]): Json {
  let value: Json | undefined = scope
  for (const name of path) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Readonly<Record<string, Json>>)[name]
        : undefined
  }
  if (value === undefined) throw new LabError(`{{${path.join('.')}}} has no value`)
  return value
}
