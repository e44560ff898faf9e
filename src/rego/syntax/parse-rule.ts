import type { Body, Rule, RuleHead, Term } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import { opensOperand, parseLiteral } from './parse-literal.ts'
import {
  isDottedKeyword,
  isKeywordReference,
  parseArguments,
  parseInfix,
  parseKeys,
  parseVar,
} from './parse-term.ts'

/** Whether a rule may begin at the current token. */
export function startsRule(state: ParserState): boolean {
  return isName(state) || state.kind === 'default' || isKeywordReference(state)
}

/** Operators are not keywords where a rule begins. */
function isName(state: ParserState): boolean {
  return state.kind === 'ident' || state.kind === 'and' || state.kind === 'or'
}

/** Whether an operator follows on the same line, as if the head were an operand. */
function continues(state: ParserState): boolean {
  const { text, previousEnd, start } = state.lexer
  return (state.is('and') || state.is('or')) && !text.slice(previousEnd, start).includes('\n')
}

/** A rule, its `else` branches, and the further rules that its chained bodies are. */
export function parseRules(state: ParserState): Rule[] {
  const { start } = state.lexer
  const isDefault = state.kind === 'default' && !isKeywordReference(state)
  if (isDefault) state.lexer.next()
  const head = parseHead(state)
  if (isDefault) return [parseDefault(state, start, head)]
  if (state.is('with') && !isKeywordReference(state))
    state.fail(start, 'expressions using with keyword cannot be used for rule head')
  if (continues(state)) state.fail(start, 'expression cannot be used for rule head')
  const { body, bodyStart } = parseRuleBody(state, start, head)
  const checked = checkHead(state, start, head, bodyStart)
  const orElse = parseElse(state, checked, bodyStart)
  if (state.is('and') || state.is('or')) state.unexpected()
  const rule: Rule = {
    isDefault: false,
    head: checked,
    body,
    bodyStart,
    ...(orElse !== undefined && { orElse }),
    start,
    end: state.lexer.previousEnd,
  }
  return [rule, ...parseChained(state, rule)]
}

function parseHead(state: ParserState): RuleHead {
  const { start } = state.lexer
  if (!isName(state) && !isKeywordReference(state)) state.unexpected('expected rule head name')
  const name = parseHeadRef(state)
  const { ref, args } = name
  if (state.kind === 'contains') {
    if (args !== undefined) {
      state.unexpected(
        `the contains keyword can only be used with multi-value rule definitions (e.g., ${headName(ref)} contains <VALUE> { ... })`,
      )
    }
    state.lexer.next()
    const key = parseInfix(state, false)
    return { ref, key, assign: false, start, end: state.lexer.previousEnd }
  }
  const assign = state.kind === ':='
  const value = state.accept(':=') || state.accept('=') ? parseInfix(state, true) : undefined
  return {
    ref,
    ...(args !== undefined && { args }),
    ...(value !== undefined && { value }),
    assign,
    start,
    end: state.lexer.previousEnd,
  }
}

function headName(ref: readonly Term[]): string {
  const head = ref[0]
  return head?.kind === 'var' ? head.name : '?'
}

function parseHeadRef(state: ParserState): { ref: readonly Term[]; args?: readonly Term[] } {
  const ref = [parseVar(state), ...parseKeys(state)]
  if (!state.touches || state.kind !== '(') return { ref }
  return { ref, args: parseArguments(state) }
}

function parseDefault(state: ParserState, start: number, head: RuleHead): Rule {
  const { value } = head
  if (value === undefined || head.key !== undefined)
    state.fail(start, 'illegal default rule (must have a value)')
  const seen = new Set<string>()
  for (const arg of head.args ?? []) {
    if (arg.kind !== 'var')
      state.fail(start, `illegal default rule (arguments cannot contain ${arg.kind})`)
    if (arg.name !== '_' && seen.has(arg.name)) {
      state.fail(start, `illegal default rule (arguments cannot be repeated ${arg.name})`)
    }
    seen.add(arg.name)
  }
  const illegal = findIllegal(value)
  if (illegal !== undefined)
    state.fail(start, `illegal default rule (value cannot contain ${illegal})`)
  return { isDefault: true, head, body: [], bodyStart: -1, start, end: state.lexer.previousEnd }
}

function findIllegal(term: Term): string | undefined {
  switch (term.kind) {
    case 'var':
    case 'ref':
    case 'call':
      return term.kind
    case 'template':
      return term.parts.some((part) => typeof part !== 'string') ? 'template string' : undefined
    case 'array':
    case 'set':
      return firstOf(term.items)
    case 'object':
      return firstOf(term.entries.flat())
    case 'boolean':
    case 'comprehension':
    case 'null':
    case 'number':
    case 'string':
    default:
      return undefined
  }
}

function firstOf(terms: readonly Term[]): string | undefined {
  for (const term of terms) {
    const illegal = findIllegal(term)
    if (illegal !== undefined) return illegal
  }
  return undefined
}

function parseRuleBody(
  state: ParserState,
  start: number,
  head: RuleHead,
  isElse = false,
): { body: Body; bodyStart: number } {
  const bodyStart = state.lexer.start
  if (state.is('if') && !isDottedKeyword(state)) {
    state.lexer.next()
    return { body: parseAfterIf(state, isElse), bodyStart }
  }
  if (state.kind !== '{') return { body: [], bodyStart: -1 }
  if (state.strict) {
    state.report(
      start,
      `\`if\` keyword is required before ${head.args === undefined ? 'rule' : 'function'} body`,
    )
  }
  return { body: parseBraced(state), bodyStart }
}

/** A body in braces, or one literal, which may itself begin with a brace; the brace after `else` is the body's. */
function parseAfterIf(state: ParserState, isElse: boolean): Body {
  if (!state.is('{') || (!isElse && opensOperand(state))) return [parseLiteral(state)]
  const mark = state.lexer.mark()
  const braced = state.attempt(() => parseBraced(state))
  if (braced !== undefined) return braced
  const literal = state.attempt(() => [parseLiteral(state)])
  if (literal !== undefined) return literal
  state.lexer.reset(mark)
  return parseBraced(state)
}

function parseBraced(state: ParserState): Body {
  state.lexer.next()
  return state.parseBody(state, '}')
}

/** Applies the rules about heads that have neither a value nor `contains`. */
function checkHead(state: ParserState, start: number, head: RuleHead, bodyStart: number): RuleHead {
  if (head.value !== undefined || head.key !== undefined || head.args !== undefined) return head
  const usesIf = bodyStart >= 0 && state.lexer.text.startsWith('if', bodyStart)
  const last = head.ref.at(-1)!
  if (head.ref.length === 1) {
    if (bodyStart < 0) state.fail(start, 'var cannot be used for rule name')
    return head
  }
  if (state.strict) {
    if (bodyStart < 0) state.fail(start, '`contains` keyword is required for partial set rules')
    return head
  }
  if (head.ref.length === 2 && !usesIf && !isDottedKey(state, last)) {
    return {
      ref: head.ref.slice(0, -1),
      key: last,
      assign: false,
      start: head.start,
      end: head.end,
    }
  }
  return head
}

function isDottedKey(state: ParserState, key: Term): boolean {
  return key.kind === 'string' && /[A-Za-z_]/.test(state.lexer.text.charAt(key.start))
}

function parseElse(state: ParserState, head: RuleHead, bodyStart: number): Rule | undefined {
  if (state.kind !== 'else' || isKeywordReference(state)) return undefined
  const { start } = state.lexer
  if (bodyStart < 0) state.unexpected()
  if (head.key !== undefined) state.fail(start, 'else keyword cannot be used on multi-value rules')
  state.lexer.next()
  const assign = state.is(':=')
  const value = state.accept(':=') || state.accept('=') ? parseInfix(state, true) : undefined
  const elseHead: RuleHead = {
    ref: head.ref,
    ...(head.args !== undefined && { args: head.args }),
    ...(value !== undefined && { value }),
    assign,
    start,
    end: state.lexer.previousEnd,
  }
  const parsed = parseRuleBody(state, start, elseHead, true)
  if (value === undefined && parsed.bodyStart < 0)
    state.unexpected('expected else value term or rule body')
  const orElse = parsed.bodyStart < 0 ? undefined : parseElse(state, elseHead, parsed.bodyStart)
  return {
    isDefault: false,
    head: elseHead,
    ...parsed,
    ...(orElse !== undefined && { orElse }),
    start,
    end: state.lexer.previousEnd,
  }
}

function parseChained(state: ParserState, first: Rule): Rule[] {
  const rules: Rule[] = []
  while (state.kind === '{' && first.bodyStart >= 0 && first.orElse === undefined) {
    const { start } = state.lexer
    const body = parseBraced(state)
    rules.push({
      isDefault: false,
      head: first.head,
      body,
      bodyStart: start,
      start,
      end: state.lexer.previousEnd,
    })
  }
  return rules
}
