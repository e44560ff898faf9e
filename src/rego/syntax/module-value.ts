import type { Value } from '../values/index.ts'
import type {
  Body,
  Expression,
  Literal,
  LogicalExpression,
  Module,
  Operand,
  Rule,
  Term,
} from './ast.ts'
import { parseModule } from './parse-module.ts'
import { constantValue } from './term-value.ts'

/**
 * A module's syntax tree as OPA writes it in JSON, for `rego.parse_module`.
 * @throws RegoError when it cannot be parsed.
 */
export function parseModuleValue(name: string, text: string): Value {
  return moduleValue(parseModule(name, text))
}

function moduleValue(module: Module): Value {
  const path: Value[] = [
    { type: 'var', value: 'data' },
    ...module.package.path.map((value) => ({ type: 'string', value })),
  ]
  const imports = module.imports.map((item): Value => {
    const alias = item.alias
    return { path: termValue(item.path), ...(alias !== undefined && { alias }) }
  })
  return {
    package: { path },
    ...(imports.length > 0 && { imports }),
    ...(module.rules.length > 0 && { rules: module.rules.map(ruleValue) }),
  }
}

function ruleValue(rule: Rule): Value {
  const { head } = rule
  const first = head.ref[0]
  const orElse = rule.orElse
  return {
    ...(rule.isDefault && { default: true }),
    head: {
      ...(first?.kind === 'var' && { name: first.name }),
      ref: head.ref.map(termValue),
      ...(head.args !== undefined && { args: head.args.map(termValue) }),
      ...(head.key !== undefined && { key: termValue(head.key) }),
      ...(head.key === undefined && {
        value: head.value === undefined ? { type: 'boolean', value: true } : termValue(head.value),
      }),
      ...(head.assign && { assign: true }),
    },
    body:
      rule.body.length === 0
        ? [{ index: 0, terms: { type: 'boolean', value: true } }]
        : rule.body.map((literal, index) => literalValue(literal, index)),
    ...(orElse !== undefined && { else: ruleValue(orElse) }),
  }
}

function literalValue(literal: Literal, index: number): Value {
  const modifiers = literal.with.map((modifier): Value => ({
    target: termValue(modifier.target),
    value: termValue(modifier.value),
  }))
  return {
    index,
    ...(literal.negated && { negated: true }),
    terms: expressionValue(literal.expression),
    ...(modifiers.length > 0 && { with: modifiers }),
  }
}

function name(text: string): Value {
  return {
    type: 'ref',
    value: text.split('.').map((value, i) => ({ type: i === 0 ? 'var' : 'string', value })),
  }
}

function expressionValue(expression: Expression): Value {
  switch (expression.kind) {
    case 'some':
      return { symbols: expression.vars.map(termValue) }
    case 'some-in': {
      const args =
        expression.key === undefined ? [expression.value] : [expression.key, expression.value]
      const callee = name(expression.key === undefined ? 'internal.member_2' : 'internal.member_3')
      return {
        symbols: [
          { type: 'call', value: [callee, ...[...args, expression.domain].map(termValue)] },
        ],
      }
    }
    case 'every':
      return {
        key: expression.key === undefined ? null : termValue(expression.key),
        value: termValue(expression.value),
        domain: termValue(expression.domain),
        body: bodyValue(expression.body),
      }
    case 'logical':
      return logicalValue(expression)
    case 'not':
      return {
        body: bodyValue(expression.operand.body),
        explicit_body: expression.operand.explicit,
        type: 'not',
      }
    case 'term':
    default:
      if (expression.term.kind !== 'call') return termValue(expression.term)
      return [refValue(expression.term.name), ...expression.term.args.map(termValue)]
  }
}

function bodyValue(body: Body): Value[] {
  return body.map((literal, index) => literalValue(literal, index))
}

/** Operators of one kind nest to the left. */
function logicalValue({ operator, operands }: LogicalExpression): Value {
  const pair = (left: Value, leftExplicit: boolean, right: Operand): Value => ({
    ...(leftExplicit && { explicit_lhs: true }),
    lhs: left,
    ...(right.explicit && { explicit_rhs: true }),
    rhs: bodyValue(right.body),
    type: operator,
  })
  const [first, second, ...rest] = operands
  return rest.reduce<Value>(
    (left, right) => pair([{ index: 0, terms: left }], false, right),
    pair(bodyValue(first!.body), first!.explicit, second!),
  )
}

function refValue(term: Term): Value {
  return term.kind === 'ref' ? termValue(term) : { type: 'ref', value: [termValue(term)] }
}

function termValue(term: Term): Value {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
      return { type: term.kind, value: constantValue(term) }
    case 'var':
      return { type: 'var', value: term.name }
    case 'ref':
      return { type: 'ref', value: [term.head, ...term.path].map(termValue) }
    case 'array':
    case 'set':
      return { type: term.kind, value: term.items.map(termValue) }
    case 'object':
      return { type: 'object', value: term.entries.map((pair) => pair.map(termValue)) }
    case 'comprehension': {
      const body = term.body.map((literal, index) => literalValue(literal, index))
      const head: Value =
        term.key === undefined
          ? { term: termValue(term.value) }
          : { key: termValue(term.key), value: termValue(term.value) }
      return { type: `${term.of}comprehension`, value: { ...(head as object), body } }
    }
    case 'call':
      return { type: 'call', value: [refValue(term.name), ...term.args.map(termValue)] }
    case 'template':
    default:
      return {
        type: 'templatestring',
        value: {
          parts: term.parts.map((part): Value =>
            typeof part === 'string' ? { type: 'string', value: part } : termValue(part),
          ),
          multi_line: term.raw,
        },
      }
  }
}
