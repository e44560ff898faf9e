import type { Body, Expression, Literal, Operand } from './ast.ts'
import { glance } from './look-ahead.ts'
import { parseExpression, parseModifiers } from './parse-expression.ts'
import { isKeywordReference } from './parse-term.ts'
import { SyntaxFailure } from './parser-state.ts'
import type { ParserState } from './parser-state.ts'
import { NOT_BODY } from './tokens.ts'

/** Whether `and`, `or` or `not { … }` was imported. */
function hasLogic(state: ParserState): boolean {
  const { keywords } = state.lexer
  return keywords.has('or') || keywords.has('and') || keywords.has(NOT_BODY)
}

function isOperator(kind: string): boolean {
  return kind === 'and' || kind === 'or'
}

/** Whether the current brace opens an operand of `and` or `or`. */
export function opensOperand(state: ParserState): boolean {
  if (!state.is('{') || !hasLogic(state)) return false
  const ahead = glance(state)
  return ahead !== undefined && isOperator(ahead.next)
}

/** One line of a body. */
export function parseLiteral(state: ParserState): Literal {
  const { start } = state.lexer
  const literal = hasLogic(state) ? onlyLiteral(parseOr(state, true)) : parsePlain(state)
  if (literal.with.length > 0) state.fail(literal.with[0]!.start, 'non-terminated expression')
  if (literal.expression.kind === 'some') return { ...literal, start }
  const modifiers = parseOperandModifiers(state)
  return { ...literal, with: modifiers, start, end: state.lexer.previousEnd }
}

/** Modifiers apply to the whole, never to an operand that is followed by another. */
function parseOperandModifiers(state: ParserState): Literal['with'] {
  const modifiers = parseModifiers(state)
  if (modifiers.length > 0 && isOperator(state.kind)) {
    const { kind } = state
    state.fail(
      modifiers[0]!.start,
      `\`with\` modifier is not allowed on operand of \`${kind}\` (hint: Wrap the operand in \`(...)\` or \`{...}\` to scope, or move \`with\` after the \`${kind}\` expression to apply it to the whole expression)`,
    )
  }
  return modifiers
}

function onlyLiteral(operand: Operand): Literal {
  return operand.body[0]!
}

function parseOr(state: ParserState, first: boolean): Operand {
  return parseChain(state, 'or', first, (leads) =>
    parseChain(state, 'and', leads, (begins) => state.nested(() => parseOperand(state, begins))),
  )
}

function parseChain(
  state: ParserState,
  operator: 'and' | 'or',
  first: boolean,
  parse: (first: boolean) => Operand,
): Operand {
  const { start } = state.lexer
  const operands = [parse(first)]
  while (state.is(operator) && !isDeclaration(operands[0]!)) {
    state.lexer.next()
    operands.push(parse(false))
  }
  const [left] = operands
  if (operands.length === 1) return left!
  for (const operand of operands) checkPrints(state, operator, operand)
  const before = left!.explicit ? undefined : onlyLiteral(left!)
  if (
    before?.with.length === 0 &&
    before.expression.kind === 'logical' &&
    before.expression.operator === operator
  ) {
    operands.splice(0, 1, ...before.expression.operands)
  }
  const { previousEnd: end } = state.lexer
  return implicit({ kind: 'logical', operator, operands, start, end })
}

/** `some` and `every` are whole literals; they can be part of an operand only in a body in braces. */
function isDeclaration(operand: Operand): boolean {
  const { kind } = operand.body[0]!.expression
  return !operand.explicit && (kind === 'some' || kind === 'some-in' || kind === 'every')
}

function implicit(expression: Expression, negated = false): Operand {
  const { start, end } = expression
  return {
    explicit: false,
    body: [{ negated, expression, with: [], start, end }],
    start,
    end,
  }
}

function checkPrints(state: ParserState, operator: string, operand: Operand): void {
  const prints = operand.body.every(
    ({ expression, negated }) =>
      !negated &&
      expression.kind === 'term' &&
      expression.term.kind === 'call' &&
      expression.term.name.kind === 'var' &&
      expression.term.name.name === 'print',
  )
  if (!prints) return
  state.fail(
    operand.start,
    `operand of \`${operator}\` cannot consist only of calls to \`print\` (hint: \`print\` produces no value and always succeeds, so the operand can never fail; move it out of the operand, or add an expression that can fail)`,
  )
}

/** `first` says that the operand begins a literal, and may be all of it. */
function parseOperand(state: ParserState, first: boolean): Operand {
  const { start } = state.lexer
  if (state.is('not') && !isKeywordReference(state)) return parseNot(state)
  if (state.is('{') && (!first || opensOperand(state))) return parseBraces(state)
  if (isGroup(state)) return parseGroup(state)
  if (!first && declares(state)) state.unexpected()
  const literal = parsePlain(state)
  return { explicit: false, body: [literal], start, end: state.lexer.previousEnd }
}

function declares(state: ParserState): boolean {
  return (state.is('some') || state.is('every')) && !isKeywordReference(state)
}

function parseNot(state: ParserState): Operand {
  const { start } = state.lexer
  const mark = state.lexer.mark()
  state.lexer.next()
  if (state.lexer.keywords.has(NOT_BODY) && (state.is('{') || isGroup(state))) {
    const operand = state.is('{') ? parseNotBraces(state) : parseGroup(state)
    return implicit({ kind: 'not', operand, start, end: state.lexer.previousEnd })
  }
  state.lexer.reset(mark)
  const literal = parsePlain(state)
  return { explicit: false, body: [literal], start, end: state.lexer.previousEnd }
}

function parseNotBraces(state: ParserState): Operand {
  const { start, text } = state.lexer
  const ahead = glance(state)
  try {
    return parseBraces(state)
  } catch (error) {
    if (!(error instanceof SyntaxFailure) || ahead === undefined) throw error
    const sign = text.charAt(error.offset)
    if (sign !== ':' && sign !== ',') throw error
    const value = text.slice(start, ahead.end)
    return state.fail(
      start,
      `\`{...}\` in an operand position must contain expression(s), got: ${sign === ':' ? 'object' : 'set'} (hint: write \`not (${value})\` to negate the value, or \`not {${value}}\` for a body holding it)`,
    )
  }
}

function parseBraces(state: ParserState): Operand {
  const { start } = state.lexer
  state.lexer.next()
  if (state.is('}')) state.fail(state.lexer.start, 'found empty body')
  const body: Body = state.parseBody(state, '}')
  return { explicit: true, body, start, end: state.lexer.previousEnd }
}

/** Parentheses are a group if they contain something that no term can contain. */
function isGroup(state: ParserState): boolean {
  return state.is('(') && glance(state)?.grouped === true
}

function parseGroup(state: ParserState): Operand {
  const { start } = state.lexer
  state.lexer.next()
  if (declares(state)) state.unexpected()
  const inner = onlyLiteral(parseOr(state, true))
  const modifiers = [...inner.with, ...parseOperandModifiers(state)]
  if (!state.is(')')) state.fail(state.lexer.start, 'expected ) to close parenthesized group')
  state.lexer.next()
  const end = state.lexer.previousEnd
  return { explicit: false, body: [{ ...inner, with: modifiers }], start, end }
}

/** An expression, possibly negated. */
function parsePlain(state: ParserState): Literal {
  const { start } = state.lexer
  const negated = state.kind === 'not' && !isKeywordReference(state)
  if (negated) {
    state.lexer.next()
    if (declares(state)) state.unexpected(`illegal negation of '${state.kind}'`)
    if (state.is('not') && !isKeywordReference(state)) state.unexpected()
  }
  const expression = state.nested(() => parseExpression(state))
  return { negated, expression, with: [], start, end: state.lexer.previousEnd }
}
