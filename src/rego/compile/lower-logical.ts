import type * as ast from '../syntax/ast.ts'
import type { CoreLiteral, HoldsLiteral, Local } from './core.ts'
import type { Unit } from './environment.ts'
import type { Place } from './lower-term.ts'
import { declaredNames, Scope } from './scope.ts'
import { literalVars } from './vars.ts'

type LowerLiteral = (unit: Unit, literal: ast.Literal, scope: Scope, out: CoreLiteral[]) => void

/** Lowers `and` and `or`; `or` means that not all operands fail. */
export function lowerLogical(
  place: Place,
  expression: ast.LogicalExpression,
  lowerLiteral: LowerLiteral,
): void {
  const { operator, operands } = expression
  const negated = operator === 'or'
  const body = operands.map((operand) => holds(place, operand, operator, negated, lowerLiteral))
  const needs = [...new Set(body.flatMap((literal) => literal.needs))]
  const { start, with: modifiers } = place
  place.out.push({ kind: 'holds', body, needs, negated, start, with: modifiers })
}

/** Lowers `not` before a body or a group. */
export function lowerNot(
  place: Place,
  expression: ast.NotExpression,
  lowerLiteral: LowerLiteral,
): void {
  const literal = holds(place, expression.operand, 'not', true, lowerLiteral)
  place.out.push({ ...literal, start: place.start, with: place.with })
}

function holds(
  place: Place,
  operand: ast.Operand,
  operator: string,
  negated: boolean,
  lowerLiteral: LowerLiteral,
): HoldsLiteral {
  const { unit, scope } = place
  const base = { kind: 'holds', negated, start: operand.start, with: [] } as const
  if (operand.explicit) {
    const inside = new Scope(scope, declaredNames(operand.body))
    return { ...base, body: place.lowerBody(unit, operand.body, inside), needs: [] }
  }
  const body: CoreLiteral[] = []
  for (const literal of operand.body) {
    if (assigns(literal)) {
      const message = `cannot assign vars inside implicit ${operator} operand`
      unit.error('locals', 'rego_compile_error', message, literal.start)
    } else lowerLiteral(unit, literal, scope, body)
  }
  return { ...base, body, needs: namedVars(body) }
}

function assigns({ expression, negated }: ast.Literal): boolean {
  return (
    !negated &&
    expression.kind === 'term' &&
    expression.term.kind === 'call' &&
    expression.term.infix === ':='
  )
}

/** The variables that an operand without its own body cannot bind: all those named in the policy. */
function namedVars(body: readonly CoreLiteral[]): Local[] {
  return body.flatMap((literal) => [...literalVars(literal)].filter(({ name }) => name !== ''))
}
