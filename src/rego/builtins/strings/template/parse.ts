import { BuiltinError } from '../../types.ts'

/** An operand of a command, with the fields that are selected from it. */
export type Operand =
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | {
      readonly kind: 'literal'
      readonly value: string | number | boolean | null
      readonly fields: readonly string[]
    }
  | { readonly kind: 'call'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly fields: readonly string[] }

/** Commands, each of which takes the result of the previous one as its last argument. */
export interface Pipe {
  readonly variables: readonly string[]
  readonly declares: boolean
  readonly commands: readonly (readonly Operand[])[]
}

/** A control structure. */
export interface Control {
  readonly kind: 'if' | 'with' | 'range'
  readonly pipe: Pipe
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[]
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipe: Pipe }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | Control

const TOKEN =
  /\s*(?:("(?:[^"\\\n]|\\.)*"|`[^`]*`)|('(?:[^'\\]|\\.)+')|([+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|(\$\w*)|(\.[A-Za-z_]\w*)|([A-Za-z_]\w*)|(:=|[=|(),.]))(\s*)/y
const NESTING_MAX = 100

interface Token {
  readonly kind: 'text' | 'character' | 'number' | 'variable' | 'field' | 'word' | 'mark'
  readonly text: string
  /** Whether white space follows; a field belongs to the token that it touches. */
  readonly spaced: boolean
}

const KINDS = ['text', 'character', 'number', 'variable', 'field', 'word', 'mark'] as const

function fail(message: string): BuiltinError {
  return new BuiltinError(`template: template:1: ${message}`)
}

interface Piece {
  readonly text: string
  readonly action: boolean
}

/** Splits at `{{` and `}}`; `{{-` and `-}}` also remove the surrounding white space. */
function pieces(source: string): Piece[] {
  const found: Piece[] = []
  let at = 0
  let trimNext = false
  const addText = (text: string): void => {
    found.push({ text: trimNext ? text.trimStart() : text, action: false })
  }
  for (let open = source.indexOf('{{'); open >= 0; open = source.indexOf('{{', at)) {
    const trims = /^\{\{-\s/.test(source.slice(open, open + 4))
    const text = source.slice(at, open)
    addText(trims ? text.trimEnd() : text)
    const start = open + (trims ? 3 : 2)
    const end = actionEnd(source, start)
    const raw = source.slice(start, end)
    trimNext = /\s-$/.test(raw)
    found.push({ text: trimNext ? raw.slice(0, -1) : raw, action: true })
    at = end + 2
  }
  addText(source.slice(at))
  return found
}

function actionEnd(source: string, start: number): number {
  const pattern = /\s*\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)+'|\}\}/g
  pattern.lastIndex = start
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    if (match[0] === '}}') return match.index
  }
  throw fail('unclosed action')
}

/**
 * Parses a template: text with actions between `{{` and `}}`, in the language of Go's text/template, without defining
 * or including other templates.
 * @throws BuiltinError `template: …`.
 */
export function parseTemplate(source: string): readonly Node[] {
  const parser = new TemplateParser(pieces(source))
  return parser.document()
}

class TemplateParser {
  readonly #pieces: readonly Piece[]
  #at = 0

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces
  }

  document(): readonly Node[] {
    const { nodes, end } = this.#list(0)
    if (end !== undefined) throw fail(`unexpected {{${end}}}`)
    return nodes
  }

  /** Nodes up to `end` or `else`, which is returned, or up to the end of the template. */
  #list(depth: number): { nodes: Node[]; end: string | undefined } {
    if (depth > NESTING_MAX) throw fail('nested too deeply')
    const nodes: Node[] = []
    while (this.#at < this.#pieces.length) {
      const { text, action } = this.#pieces[this.#at++]!
      if (!action) {
        if (text !== '') nodes.push({ kind: 'text', text })
        continue
      }
      const trimmed = text.trim()
      const [word = '', rest = ''] = /^([a-z]+)?\b([\s\S]*)$/.exec(trimmed)?.slice(1) ?? []
      if (word === 'end' || word === 'else') return { nodes, end: trimmed }
      if (!/^\/\*[\s\S]*\*\/$/.test(trimmed)) nodes.push(this.#action(word, rest, trimmed, depth))
    }
    return { nodes, end: undefined }
  }

  #action(word: string, rest: string, whole: string, depth: number): Node {
    if (word === 'if' || word === 'with' || word === 'range')
      return this.#control(word, rest, depth)
    if (word === 'break' || word === 'continue') return { kind: word }
    if (word === 'define' || word === 'template' || word === 'block')
      throw fail(`{{${word}}} is not supported`)
    return { kind: 'output', pipe: parsePipe(whole) }
  }

  #control(kind: 'if' | 'with' | 'range', rest: string, depth: number): Node {
    const pipe = parsePipe(rest)
    const { nodes: body, end } = this.#list(depth + 1)
    if (end === undefined) throw fail('unexpected EOF')
    const chained = /^else\s+(if|with)\b([\s\S]*)$/.exec(end)
    if (chained !== null) {
      const inner = this.#control(chained[1] as 'if' | 'with', chained[2] ?? '', depth + 1)
      return { kind, pipe, body, otherwise: [inner] }
    }
    if (end !== 'else') return { kind, pipe, body, otherwise: [] }
    const { nodes: otherwise, end: closing } = this.#list(depth + 1)
    if (closing !== 'end') throw fail('expected end; found {{else}}')
    return { kind, pipe, body, otherwise }
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const trimmed = text.trim()
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(trimmed)
    if (match === null) throw fail(`unexpected ${JSON.stringify(trimmed[at])} in command`)
    const index = match.slice(1, 8).findIndex((part) => part !== undefined)
    tokens.push({ kind: KINDS[index]!, text: match[index + 1]!, spaced: match[8] !== '' })
  }
  return tokens
}

function parsePipe(text: string): Pipe {
  const reader = new PipeReader(tokenize(text))
  const pipe = reader.pipe()
  reader.expectEnd()
  return pipe
}

class PipeReader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  expectEnd(): void {
    if (this.#at < this.#tokens.length)
      throw fail(`unexpected ${this.#tokens[this.#at]?.text} in operand`)
  }

  pipe(): Pipe {
    if (++this.#depth > NESTING_MAX) throw fail('nested too deeply')
    const { variables, declares } = this.#declaration()
    const commands = [this.#command()]
    while (this.#accept('|')) commands.push(this.#command())
    this.#depth--
    return { variables, declares, commands }
  }

  #declaration(): { variables: string[]; declares: boolean } {
    const [first, second, third, fourth] = this.#tokens.slice(this.#at, this.#at + 4)
    const assigns = (token: Token | undefined): boolean =>
      token?.text === ':=' || token?.text === '='
    if (first?.kind !== 'variable') return { variables: [], declares: false }
    if (assigns(second)) {
      this.#at += 2
      return { variables: [first.text], declares: second?.text === ':=' }
    }
    if (second?.text === ',' && third?.kind === 'variable' && assigns(fourth)) {
      this.#at += 4
      return { variables: [first.text, third.text], declares: fourth?.text === ':=' }
    }
    return { variables: [], declares: false }
  }

  #command(): Operand[] {
    const operands: Operand[] = []
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand())
      operands.push(operand)
    if (operands.length === 0) throw fail('missing value for command')
    return operands
  }

  #operand(): Operand | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.text === '|' || token.text === ')') return undefined
    this.#at++
    if (token.kind === 'mark' && token.text === '(') {
      const pipe = this.pipe()
      if (!this.#accept(')')) throw fail('unclosed left paren')
      return { kind: 'pipe', pipe, fields: this.#fields(this.#tokens[this.#at - 1]!) }
    }
    if (token.kind === 'field')
      return { kind: 'dot', fields: [token.text.slice(1), ...this.#fields(token)] }
    if (token.text === '.') return { kind: 'dot', fields: [] }
    if (token.kind === 'variable')
      return { kind: 'variable', name: token.text, fields: this.#fields(token) }
    if (token.kind === 'word') return word(token.text)
    if (token.kind === 'mark') throw fail(`unexpected "${token.text}" in operand`)
    return { kind: 'literal', value: literal(token), fields: [] }
  }

  /** The fields that follow without a space. */
  #fields(after: Token): string[] {
    const fields: string[] = []
    for (let last = after; !last.spaced && this.#tokens[this.#at]?.kind === 'field';) {
      last = this.#tokens[this.#at++]!
      fields.push(last.text.slice(1))
    }
    return fields
  }

  #accept(text: string): boolean {
    if (this.#tokens[this.#at]?.text !== text || this.#tokens[this.#at]?.kind !== 'mark')
      return false
    this.#at++
    return true
  }
}

function word(text: string): Operand {
  if (text === 'true' || text === 'false')
    return { kind: 'literal', value: text === 'true', fields: [] }
  return text === 'nil'
    ? { kind: 'literal', value: null, fields: [] }
    : { kind: 'call', name: text, fields: [] }
}

function literal({ kind, text }: Token): string | number {
  if (kind === 'number') return Number(text)
  if (text.startsWith('`')) return text.slice(1, -1)
  const body = text.slice(1, -1)
  const value = JSON.parse(
    `"${kind === 'character' ? body.replaceAll('"', '\\"').replaceAll("\\'", "'") : body}"`,
  ) as string
  return kind === 'character' ? (value.codePointAt(0) ?? 0) : value
}
