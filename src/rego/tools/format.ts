import type {
  Body,
  Comment,
  Expression,
  Import,
  Literal,
  LogicalExpression,
  Module,
  Operand,
  Rule,
} from '../syntax/ast.ts'
import { parseModule } from '../syntax/parse-module.ts'
import { NOT_BODY } from '../syntax/tokens.ts'
import { printKeys, printOperand, printTerm } from './print-term.ts'
import type { PrintContext } from './print-term.ts'

/**
 * Formats a module: tabs, one literal per line, comments kept. Formatting is idempotent.
 * @throws RegoError with code `rego_parse_error`.
 */
export function format(file: string, text: string, regoVersion: 0 | 1 = 1): string {
  return formatModule(parseModule(file, text, regoVersion))
}

/** Formats a parsed module. */
export function formatModule(module: Module): string {
  return new ModulePrinter(module).print()
}

class ModulePrinter implements PrintContext {
  readonly text: string
  readonly #module: Module
  readonly #comments: readonly Comment[]
  #nextComment = 0

  constructor(module: Module) {
    this.#module = module
    this.text = module.source.text
    this.#comments = module.comments
  }

  print(): string {
    const { package: head, imports, rules } = this.#module
    const lines = [
      ...this.comments(head.start, ''),
      this.withTrailing(`package ${printPath(head.path)}`, head.end),
    ]
    if (imports.length > 0) lines.push('')
    imports.forEach((item, i) => {
      const before = imports[i - 1]
      if (before !== undefined && this.blankBetween(before.end, this.firstLine(item.start)))
        lines.push('')
      lines.push(...this.comments(item.start, ''), this.withTrailing(this.import(item), item.end))
    })
    let previous: { rule: Rule; oneLine: boolean } | undefined
    for (const rule of rules) {
      const start = this.firstLine(rule.start)
      const leading = this.comments(rule.start, '')
      const printed = this.rule(rule)
      const oneLine = printed.length === 1 && leading.length === 0
      const close =
        previous?.oneLine === true && oneLine && !this.blankBetween(previous.rule.end, start)
      if (!close) lines.push('')
      lines.push(...leading, ...printed)
      previous = { rule, oneLine }
    }
    const rest = this.comments(this.text.length + 1, '')
    if (rest.length > 0) lines.push('', ...rest)
    return `${lines.join('\n').replaceAll(/\n{3,}/g, '\n\n')}\n`
  }

  comments(before: number, indent: string): string[] {
    const lines: string[] = []
    for (
      let comment = this.#comments[this.#nextComment];
      comment !== undefined && comment.start < before;
    ) {
      const last = this.#comments[this.#nextComment - 1]
      if (lines.length > 0 && last !== undefined && this.blankBetween(last.end, comment.start))
        lines.push('')
      lines.push(`${indent}#${comment.text.trimEnd()}`)
      comment = this.#comments[++this.#nextComment]
    }
    return lines
  }

  literal(literal: Literal, indent: string): string {
    const not = literal.negated ? 'not ' : ''
    const modifiers = literal.with.map(
      ({ target, value }) =>
        ` with ${printTerm(this, target, indent)} as ${printTerm(this, value, indent)}`,
    )
    const keepsValue = literal.negated && this.#module.keywords.has(NOT_BODY)
    const expression = keepsValue
      ? this.asValue(literal.expression, indent)
      : this.expression(literal.expression, indent)
    const text = `${not}${expression}${modifiers.join('')}`
    // A line that begins with a minus sign would continue the previous line.
    return text.replace(/^-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, '($&)')
  }

  block(body: Body, indent: string): string[] {
    const lines: string[] = []
    body.forEach((literal, i) => {
      const before = body[i - 1]
      const start = this.firstLine(literal.start)
      if (before !== undefined && this.blankBetween(before.end, start)) lines.push('')
      lines.push(...this.comments(literal.start, indent))
      lines.push(this.withTrailing(`${indent}${this.literal(literal, indent)}`, literal.end))
    })
    return lines
  }

  /** Where a node begins, including the comments before it. */
  private firstLine(start: number): number {
    const comment = this.#comments[this.#nextComment]
    return comment !== undefined && comment.start < start ? comment.start : start
  }

  private blankBetween(end: number, start: number): boolean {
    return /\n[ \t\r]*\n/.test(this.text.slice(end, start))
  }

  /** Adds the comment that follows a node on the same line. */
  private withTrailing(line: string, end: number): string {
    const comment = this.#comments[this.#nextComment]
    if (comment === undefined || comment.start < end) return line
    if (!/^[ \t;,})\]]*$/.test(this.text.slice(end, comment.start))) return line
    this.#nextComment++
    return `${line} #${comment.text.trimEnd()}`
  }

  private import(item: Import): string {
    const alias = item.alias === undefined ? '' : ` as ${item.alias}`
    return `import ${printTerm(this, item.path, '')}${alias}`
  }

  private expression(expression: Expression, indent: string): string {
    switch (expression.kind) {
      case 'some':
        return `some ${expression.vars.map(({ name }) => name).join(', ')}`
      case 'some-in': {
        const key =
          expression.key === undefined ? '' : `${printOperand(this, expression.key, indent)}, `
        return `some ${key}${printOperand(this, expression.value, indent)} in ${printTerm(this, expression.domain, indent)}`
      }
      case 'every': {
        const key = expression.key === undefined ? '' : `${expression.key.name}, `
        const head = `every ${key}${expression.value.name} in ${printTerm(this, expression.domain, indent)}`
        return `${head} ${this.braced(expression.body, expression.end, indent, true)}`
      }
      case 'logical':
        return this.logical(expression, indent)
      case 'not':
        return `not ${expression.operand.explicit ? this.operandBody(expression.operand, indent) : `(${this.literal(expression.operand.body[0]!, indent)})`}`
      case 'term':
      default:
        return printTerm(this, expression.term, indent)
    }
  }

  private logical(expression: LogicalExpression, indent: string): string {
    const { operator, operands } = expression
    let text = ''
    operands.forEach((operand, i) => {
      const before = operands[i - 1]
      if (before !== undefined) {
        const breaks = this.text.slice(before.end, operand.start).includes('\n')
        text += ` ${operator}${breaks ? `\n${indent}\t` : ' '}`
      }
      text += operand.explicit
        ? this.operandBody(operand, indent)
        : this.implicitOperand(operand, operator, indent)
    })
    return text
  }

  private operandBody(operand: Operand, indent: string): string {
    const { body, end } = operand
    const inOneLine =
      this.firstLine(end) === end && !this.text.slice(operand.start, end).includes('\n')
    if (!inOneLine) return this.braced(body, end, indent, false)
    return `{ ${body.map((literal) => this.literal(literal, indent)).join('; ')} }`
  }

  /** In parentheses if it would otherwise be read as something else. */
  private implicitOperand(operand: Operand, operator: string, indent: string): string {
    const literal = operand.body[0]!
    const { expression } = literal
    const nested =
      expression.kind === 'logical' && (operator === 'and' || expression.operator === 'or')
    if (nested || literal.with.length > 0) return `(${this.literal(literal, indent)})`
    return literal.negated ? this.literal(literal, indent) : this.asValue(expression, indent)
  }

  /** An expression whose first brace does not open a body. */
  private asValue(expression: Expression, indent: string): string {
    const text = this.expression(expression, indent)
    if (expression.kind !== 'term' || !text.startsWith('{')) return text
    const { term } = expression
    if (term.kind !== 'call' || (term.infix !== '=' && term.infix !== ':=')) return `(${text})`
    const [left, right] = term.args.map((arg) => printTerm(this, arg, indent))
    return `(${left!}) ${term.infix} ${right!}`
  }

  private braced(body: Body, end: number, indent: string, mayBeShort: boolean): string {
    const [only] = body
    if (
      mayBeShort &&
      body.length === 1 &&
      this.firstLine(end) === end &&
      !this.text.slice(only!.start, end).includes('\n')
    ) {
      return `{ ${this.literal(only!, indent)} }`
    }
    const lines = [...this.block(body, `${indent}\t`), ...this.comments(end, `${indent}\t`)]
    return `{\n${lines.join('\n')}\n${indent}}`
  }

  private rule(rule: Rule): string[] {
    let text = rule.isDefault ? 'default ' : ''
    text += this.head(rule)
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.orElse) {
      if (branch !== rule) {
        text += ' else'
        if (branch.head.value !== undefined) text += ` := ${printTerm(this, branch.head.value, '')}`
      }
      if (branch.body.length > 0) text += this.ruleBody(rule, branch)
    }
    return this.withTrailing(text, rule.end).split('\n')
  }

  private head(rule: Rule): string {
    const { ref, args, key, value } = rule.head
    const [first, ...keys] = ref
    let text = printTerm(this, first!, '') + printKeys(this, keys, '')
    if (args !== undefined) text += `(${args.map((arg) => printTerm(this, arg, '')).join(', ')})`
    if (key !== undefined) {
      text += this.#module.keywords.has('contains')
        ? ` contains ${printTerm(this, key, '')}`
        : `[${printTerm(this, key, '')}]`
    }
    return value === undefined ? text : `${text} := ${printTerm(this, value, '')}`
  }

  private ruleBody(rule: Rule, branch: Rule): string {
    const usesIf = this.#module.keywords.has('if')
    const end = branch.orElse?.start ?? branch.end
    const [only] = branch.body
    const hasComments = this.firstLine(end) !== end
    if (usesIf && rule.orElse === undefined && branch.body.length === 1 && !hasComments) {
      const text = this.literal(only!, '')
      const opens = text.startsWith('{') && only!.expression.kind !== 'logical'
      if (!opens && !text.includes('\n')) return ` if ${text}`
    }
    return `${usesIf ? ' if' : ''} ${this.braced(branch.body, end, '', false)}`
  }
}

function printPath(path: readonly string[]): string {
  return path
    .map((name, i) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
        ? `${i === 0 ? '' : '.'}${name}`
        : `[${JSON.stringify(name)}]`,
    )
    .join('')
}
