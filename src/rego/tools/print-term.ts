import type { Body, CallTerm, Literal, RefTerm, Term } from '../syntax/ast.ts'
import { stringifyJson } from '../values/index.ts'

const PRECEDENCE: Readonly<Record<string, number>> = {
  in: 0,
  '==': 1,
  '!=': 1,
  '<': 1,
  '>': 1,
  '<=': 1,
  '>=': 1,
  '|': 2,
  '&': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
}

/** What printing terms needs from the enclosing module. */
export interface PrintContext {
  readonly text: string
  /** Prints a body in braces or brackets over several lines, at an indentation. */
  block(body: Body, indent: string): string[]
  literal(literal: Literal, indent: string): string
  /** Takes the comments before an offset, as lines at an indentation. */
  comments(before: number, indent: string): string[]
}

function isInfix(term: Term): term is CallTerm & { infix: string } {
  return term.kind === 'call' && term.infix !== undefined
}

/** Prints a term; lines after the first begin with the indentation. */
export function printTerm(context: PrintContext, term: Term, indent: string): string {
  switch (term.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(term.value)
    case 'number':
      return term.text
    case 'string':
      return term.raw === true && !term.value.includes('`')
        ? `\`${term.value}\``
        : stringifyJson(term.value)
    case 'template':
      return printTemplate(context, term, indent)
    case 'var':
      return term.name
    case 'ref':
      return printRef(context, term, indent)
    case 'array':
      return printItems(context, term, ['[', ']'], term.items, indent)
    case 'set':
      if (term.items.length === 0) return 'set()'
      return printItems(context, term, ['{', '}'], term.items, indent)
    case 'object':
      return printObject(context, term, indent)
    case 'comprehension':
      return printComprehension(context, term, indent)
    case 'call':
    default:
      return printCall(context, term, indent)
  }
}

/** Prints an operand: in parentheses if it has an operator. */
export function printOperand(context: PrintContext, term: Term, indent: string): string {
  const text = printTerm(context, term, indent)
  return isInfix(term) ? `(${text})` : text
}

function printTemplate(
  context: PrintContext,
  term: Term & { kind: 'template' },
  indent: string,
): string {
  const parts = term.parts.map((part) => {
    if (typeof part !== 'string') return `{${printTerm(context, part, indent)}}`
    const text = term.raw ? part : stringifyJson(part).slice(1, -1)
    return text.replaceAll('{', '\\{')
  })
  return term.raw ? `$\`${parts.join('')}\`` : `$"${parts.join('')}"`
}

function printRef(context: PrintContext, term: RefTerm, indent: string): string {
  return printOperand(context, term.head, indent) + printKeys(context, term.path, indent)
}

/** Prints the keys of a reference, dotted where they were written like that. */
export function printKeys(context: PrintContext, keys: readonly Term[], indent: string): string {
  return keys
    .map((key) => {
      const dotted = key.kind === 'string' && /[A-Za-z_]/.test(context.text.charAt(key.start))
      return dotted ? `.${key.value}` : `[${printTerm(context, key, indent)}]`
    })
    .join('')
}

function breaks(context: PrintContext, start: number, first: Term | undefined): boolean {
  return first !== undefined && context.text.slice(start, first.start).includes('\n')
}

function printItems(
  context: PrintContext,
  term: Term,
  brackets: readonly [string, string],
  items: readonly Term[],
  indent: string,
): string {
  const [open, close] = brackets
  const print = (item: Term, i: number, inner: string): string => {
    const text = printTerm(context, item, inner)
    return needsParentheses(item, i === 0 && open !== '(') ? `(${text})` : text
  }
  if (!breaks(context, term.start, items[0])) {
    return `${open}${items.map((item, i) => print(item, i, indent)).join(', ')}${close}`
  }
  return printLines(
    context,
    open,
    close,
    items,
    (item, i, inner) => print(item, i, inner),
    term.end,
    indent,
  )
}

function printLines<T extends Term | readonly [Term, Term]>(
  context: PrintContext,
  open: string,
  close: string,
  items: readonly T[],
  print: (item: T, at: number, inner: string) => string,
  end: number,
  indent: string,
): string {
  const inner = `${indent}\t`
  const lines: string[] = []
  items.forEach((item, i) => {
    const start = 'kind' in item ? item.start : item[0].start
    lines.push(...context.comments(start, inner), `${inner}${print(item, i, inner)},`)
  })
  lines.push(...context.comments(end, inner))
  return `${open}\n${lines.join('\n')}\n${indent}${close}`
}

/** Whether an item would be read as something else in its place. */
function needsParentheses(item: Term, first: boolean): boolean {
  if (!isInfix(item)) return false
  if (item.infix === 'in' && item.args.length === 3) return true
  return first && leftmostOperator(item) === '|'
}

function leftmostOperator(term: CallTerm & { infix: string }): string {
  const [left] = term.args
  return left !== undefined && isInfix(left) && PRECEDENCE[left.infix]! >= PRECEDENCE[term.infix]!
    ? leftmostOperator(left)
    : term.infix
}

function printObject(
  context: PrintContext,
  term: Term & { kind: 'object' },
  indent: string,
): string {
  const print = ([key, value]: readonly [Term, Term], i: number, inner: string): string => {
    const keyText = needsParentheses(key, i === 0)
      ? `(${printTerm(context, key, inner)})`
      : printTerm(context, key, inner)
    const text = printTerm(context, value, inner)
    return `${keyText}: ${needsParentheses(value, i === 0) ? `(${text})` : text}`
  }
  const { entries } = term
  if (!breaks(context, term.start, entries[0]?.[0])) {
    return `{${entries.map((entry, i) => print(entry, i, indent)).join(', ')}}`
  }
  return printLines(context, '{', '}', entries, print, term.end, indent)
}

function printComprehension(
  context: PrintContext,
  term: Term & { kind: 'comprehension' },
  indent: string,
): string {
  const [open, close] = term.of === 'array' ? ['[', ']'] : ['{', '}']
  const key = term.key === undefined ? '' : `${printTerm(context, term.key, indent)}: `
  const head = `${open}${key}${printOperand(context, term.value, indent)} |`
  const bodyText = context.text.slice(term.value.end, term.body[0]!.start)
  if (!bodyText.includes('\n')) {
    const line = term.body.map((literal) => context.literal(literal, indent)).join('; ')
    if (!line.includes('\n')) return `${head} ${line}${close}`
  }
  return `${head}\n${context.block(term.body, `${indent}\t`).join('\n')}\n${indent}${close}`
}

function printCall(context: PrintContext, term: CallTerm, indent: string): string {
  if (!isInfix(term)) {
    const name = printTerm(context, term.name, indent)
    const at = { ...term, start: term.name.end }
    return name + printItems(context, at, ['(', ')'], term.args, indent)
  }
  const { infix, args } = term
  if (infix === 'in' && args.length === 3) {
    const [key, value, domain] = args.map((arg) => printSide(context, arg, 1, indent))
    return `${key!}, ${value!} in ${domain!}`
  }
  if (infix === '=' || infix === ':=') {
    return `${printTerm(context, args[0]!, indent)} ${infix} ${printTerm(context, args[1]!, indent)}`
  }
  const own = PRECEDENCE[infix]!
  return `${printSide(context, args[0]!, own, indent)} ${infix} ${printSide(context, args[1]!, own + 1, indent)}`
}

function printSide(context: PrintContext, side: Term, least: number, indent: string): string {
  const text = printTerm(context, side, indent)
  if (!isInfix(side)) return text
  const pair = side.infix === 'in' && side.args.length === 3
  return pair || (PRECEDENCE[side.infix] ?? -1) < least ? `(${text})` : text
}
