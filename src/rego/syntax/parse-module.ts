import type { RegoErrorItem } from '../errors.ts'
import { RegoError } from '../errors.ts'
import type { Annotations } from './annotations.ts'
import type { Body, Import, Module, Package, Rule, Term } from './ast.ts'
import { annotate, readMetadata } from './metadata.ts'
import { parseBody } from './parse-body.ts'
import { parseRules, startsRule } from './parse-rule.ts'
import { parseTerm } from './parse-term.ts'
import { ParserState, SyntaxFailure } from './parser-state.ts'
import { Source } from './source.ts'
import { FUTURE_KEYWORDS, KEYWORDS_V1, OPT_IN_KEYWORDS } from './tokens.ts'

const ERRORS_MAX = 10

/** The result of parsing for an editor: whatever was understood, and the errors. */
export interface ParseOutcome {
  readonly module: Module
  readonly errors: readonly RegoErrorItem[]
}

/** Parses a module; after an error, continues at the next statement. */
export function parseModuleTolerant(
  file: string,
  text: string,
  regoVersion: 0 | 1 = 1,
  keepBodies = true,
): ParseOutcome {
  const source = new Source(file, text)
  const state = new ParserState(source, regoVersion, parseBody)
  const imports: Import[] = []
  const rules: Rule[] = []
  const head = guarded(state, () => parsePackage(state)) ?? { path: [], start: 0, end: 0 }
  while (state.kind !== 'eof' && state.errors.length < ERRORS_MAX) {
    guarded(state, () => {
      if (state.kind === 'import' && !isImportRule(state)) imports.push(parseImport(state))
      else
        for (const rule of parseStatement(state)) rules.push(keepBodies ? rule : withoutBody(rule))
    })
  }
  const comments = state.lexer.comments
  const annotations = attach(state, head, rules)
  const module: Module = {
    source,
    package: head,
    imports,
    rules: annotations.rules,
    comments,
    annotations: annotations.all,
    regoVersion: state.strict ? 1 : 0,
    keywords: state.lexer.keywords,
  }
  return { module, errors: state.errors }
}

/** A rule with only its head; chained bodies stay, because they cannot be read again on their own. */
function withoutBody(rule: Rule): Rule {
  const { isDefault, head, start, end, bodyStart } = rule
  if (bodyStart === start) return rule
  const bare = head.value === undefined ? head : { ...head, value: head.ref[0]! }
  return { isDefault, head: bare, body: [], bodyStart, start, end }
}

/** Reads one rule again; `start` is where it began. */
export function parseRuleAt(
  source: Source,
  start: number,
  keywords: ReadonlySet<string>,
  strict: boolean,
): Rule {
  const state = new ParserState(source, strict ? 1 : 0, parseBody)
  state.lexer.keywords = new Set(keywords)
  state.lexer.seek(start)
  return parseRules(state)[0]!
}

/**
 * Parses a module.
 * @throws RegoError with code `rego_parse_error`.
 */
export function parseModule(file: string, text: string, regoVersion: 0 | 1 = 1): Module {
  const { module, errors } = parseModuleTolerant(file, text, regoVersion)
  if (errors.length > 0) throw new RegoError(errors)
  return module
}

/**
 * Parses a query: literals separated by newlines or semicolons.
 * @throws RegoError with code `rego_parse_error`.
 */
export function parseQuery(text: string, regoVersion: 0 | 1 = 1): { body: Body; source: Source } {
  return parseWhole(text, regoVersion, (state) => parseBody(state, 'eof'), 'body')
}

/**
 * Parses one term, as `input` may be given.
 * @throws RegoError with code `rego_parse_error`.
 */
export function parseTermText(text: string): { term: Term; source: Source } {
  return parseWhole(text, 1, (state) => parseTerm(state), 'term')
}

function parseWhole<K extends string, T>(
  text: string,
  regoVersion: 0 | 1,
  parse: (state: ParserState) => T,
  key: K,
): Record<K, T> & { source: Source } {
  const source = new Source('', text)
  const state = new ParserState(source, regoVersion, parseBody)
  const result = guarded(state, () => {
    const value = parse(state)
    if (state.kind !== 'eof') state.unexpected()
    return value
  })
  if (result === undefined || state.errors.length > 0) throw new RegoError(state.errors)
  return { [key]: result, source } as Record<K, T> & { source: Source }
}

function guarded<T>(state: ParserState, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error
    state.report(error.offset, error.message)
    synchronize(state)
    return undefined
  }
}

/** Skips to the next token that begins a line and may begin a statement. */
function synchronize(state: ParserState): void {
  const { lexer } = state
  do {
    lexer.error = undefined
    lexer.next()
  } while (
    lexer.kind !== 'eof' &&
    !(atLineStart(lexer.text, lexer.start) && /^[A-Za-z_]/.test(lexer.lexeme))
  )
}

function atLineStart(text: string, offset: number): boolean {
  return offset === 0 || text.charCodeAt(offset - 1) === 10
}

function parsePackage(state: ParserState): Package {
  const { start } = state.lexer
  if (state.kind === 'eof') state.fail(start, 'empty module')
  if (state.kind !== 'package') state.fail(start, 'package expected')
  state.lexer.next()
  if (!state.is('ident')) state.unexpected('expected ident')
  const term = parseTerm(state)
  const path = term.kind === 'var' ? [term] : term.kind === 'ref' ? [term.head, ...term.path] : []
  const names = path.map((part, i) => {
    if (i === 0 && part.kind === 'var') return part.name
    return part.kind === 'string'
      ? part.value
      : state.fail(part.start, 'unexpected token: expected string')
  })
  if (names.length === 0) state.fail(term.start, 'unexpected token: expected ident')
  return { path: names, start, end: state.lexer.previousEnd }
}

function isImportRule(state: ParserState): boolean {
  return /^[.[]/.test(state.lexer.text.slice(state.lexer.end, state.lexer.end + 1))
}

function parseImport(state: ParserState): Import {
  const { start } = state.lexer
  state.lexer.next()
  const at = state.lexer.start
  if (state.kind !== 'ident') state.unexpected('expected ident')
  const path = parseTerm(state)
  if (path.kind !== 'var' && path.kind !== 'ref')
    state.fail(at, 'unexpected import path: expected path')
  const root = path.kind === 'var' ? path : path.head
  if (root.kind !== 'var' || !['data', 'input', 'future', 'rego'].includes(root.name)) {
    const got = state.lexer.text.slice(path.start, path.end)
    state.fail(
      at,
      `unexpected import path, must begin with one of: {data, future, input, rego}, got: ${got} (hint: if this is unexpected, try updating OPA)`,
    )
  }
  if (path.kind === 'ref') {
    for (const key of path.path)
      if (key.kind !== 'string') state.fail(key.start, 'unexpected import path: expected string')
  }
  const alias = state.accept('as') ? parseAlias(state) : undefined
  if (root.name === 'future' || root.name === 'rego') enable(state, path, alias)
  return { path, ...(alias !== undefined && { alias }), start, end: state.lexer.previousEnd }
}

function parseAlias(state: ParserState): string {
  if (state.kind !== 'ident') state.unexpected('expected var')
  const { lexeme } = state.lexer
  if (lexeme === 'input' || lexeme === 'data') state.unexpected('expected var')
  state.lexer.next()
  return lexeme
}

/** Applies `import future.keywords…` and `import rego.v1`. */
function enable(state: ParserState, path: Term, alias: string | undefined): void {
  const names =
    path.kind === 'ref' ? path.path.map((key) => (key.kind === 'string' ? key.value : '')) : []
  const root = path.kind === 'ref' && path.head.kind === 'var' ? path.head.name : ''
  if (alias !== undefined) state.fail(path.start, `\`${root}\` imports cannot be aliased`)
  let words: readonly string[]
  if (root === 'rego') {
    if (names.length !== 1 || names[0] !== 'v1') {
      state.fail(path.start, `invalid import \`rego.${names.join('.')}\`, must be \`rego.v1\``)
    }
    state.strict = true
    words = [...KEYWORDS_V1]
  } else {
    if (names[0] !== 'keywords' || names.length > 2)
      state.fail(path.start, 'invalid import, must be `future.keywords`')
    if (names[1] !== undefined && !FUTURE_KEYWORDS.has(names[1])) {
      state.fail(path.start, 'unexpected keyword, must be one of [and contains every if in not or]')
    }
    words =
      names[1] === undefined
        ? [...FUTURE_KEYWORDS]
        : names[1] === 'every'
          ? ['every', 'in']
          : [names[1]]
  }
  const before = state.lexer.keywords.size
  const opted = (word: string): string =>
    root === 'rego' ? word : (OPT_IN_KEYWORDS.get(word) ?? word)
  for (const word of words) state.lexer.keywords.add(opted(word))
  if (state.lexer.keywords.size !== before && state.kind === 'ident') {
    if (state.lexer.keywords.has(state.lexer.lexeme)) state.lexer.kind = state.lexer.lexeme
  }
}

function parseStatement(state: ParserState): Rule[] {
  if (startsRule(state)) return parseRules(state)
  const name: Readonly<Record<string, string>> = {
    number: 'number',
    string: 'string',
    'raw-string': 'string',
    '[': 'array',
    '{': 'set',
    true: 'boolean',
    false: 'boolean',
    null: 'null',
  }
  const what = Object.hasOwn(name, state.kind) ? name[state.kind] : undefined
  if (what !== undefined) state.fail(state.lexer.start, `${what} cannot be used for rule name`)
  return state.unexpected()
}

/** Gives each metadata block to the statement below it. */
function attach(
  state: ParserState,
  head: Package,
  rules: readonly Rule[],
): { rules: readonly Rule[]; all: readonly Annotations[] } {
  const { comments } = state.lexer
  if (!comments.some((comment) => comment.text.trim() === 'METADATA')) return { rules, all: [] }
  const { blocks, problems } = readMetadata(state.source, comments)
  for (const problem of problems) state.report(problem.offset, problem.message)
  const all: Annotations[] = []
  const onRules = new Map<Rule, Annotations[]>()
  for (const block of blocks) {
    const rule =
      block.start < head.start ? undefined : rules.find((candidate) => candidate.start >= block.end)
    if (rule === undefined && block.start > head.start) continue
    const annotations = annotate(block, rule === undefined ? 'package' : 'rule')
    if (typeof annotations === 'string') {
      state.report(block.start, annotations)
      continue
    }
    annotations.path = rule === undefined ? head.path : [...head.path, ...staticPath(rule)]
    all.push(annotations)
    if (rule !== undefined) onRules.set(rule, [...(onRules.get(rule) ?? []), annotations])
  }
  const annotated = rules.map((rule) => {
    const annotations = onRules.get(rule)
    return annotations === undefined ? rule : { ...rule, annotations }
  })
  return { rules: annotated, all }
}

function staticPath(rule: Rule): string[] {
  const path: string[] = []
  for (const part of rule.head.ref) {
    if (part.kind === 'var' && path.length === 0) path.push(part.name)
    else if (part.kind === 'string') path.push(part.value)
    else break
  }
  return path
}
