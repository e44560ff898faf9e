import type { RBig } from '../values/index.ts'
import type { Annotations } from './annotations.ts'
import type { Source } from './source.ts'

/** Offsets into the module's text, from `start` (inclusive) to `end` (exclusive). */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface NullTerm extends Span {
  readonly kind: 'null'
}
export interface BooleanTerm extends Span {
  readonly kind: 'boolean'
  readonly value: boolean
}
export interface NumberTerm extends Span {
  readonly kind: 'number'
  readonly value: number | RBig
  /** The text in the source. */
  readonly text: string
}
export interface StringTerm extends Span {
  readonly kind: 'string'
  readonly value: string
  /** Written between backquotes. */
  readonly raw?: boolean
}
export interface TemplateTerm extends Span {
  readonly kind: 'template'
  /** Strings are literal; terms are computed. */
  readonly parts: readonly (string | Term)[]
  readonly raw: boolean
}
export interface VarTerm extends Span {
  readonly kind: 'var'
  readonly name: string
}
export interface RefTerm extends Span {
  readonly kind: 'ref'
  readonly head: Term
  readonly path: readonly Term[]
}
export interface ArrayTerm extends Span {
  readonly kind: 'array'
  readonly items: readonly Term[]
}
export interface SetTerm extends Span {
  readonly kind: 'set'
  readonly items: readonly Term[]
}
export interface ObjectTerm extends Span {
  readonly kind: 'object'
  readonly entries: readonly (readonly [Term, Term])[]
}
export interface ComprehensionTerm extends Span {
  readonly kind: 'comprehension'
  readonly of: 'array' | 'set' | 'object'
  /** The key of an object comprehension. */
  readonly key?: Term
  readonly value: Term
  readonly body: Body
}
export interface CallTerm extends Span {
  readonly kind: 'call'
  /** The dotted name as it was written, or the name of the built-in behind an operator. */
  readonly name: Term
  readonly args: readonly Term[]
  /** The operator, if the call was written with one. */
  readonly infix?: string
}

export type Term =
  | NullTerm
  | BooleanTerm
  | NumberTerm
  | StringTerm
  | TemplateTerm
  | VarTerm
  | RefTerm
  | ArrayTerm
  | SetTerm
  | ObjectTerm
  | ComprehensionTerm
  | CallTerm

export interface WithModifier extends Span {
  readonly target: Term
  readonly value: Term
}

export interface TermExpression extends Span {
  readonly kind: 'term'
  readonly term: Term
}
export interface SomeExpression extends Span {
  readonly kind: 'some'
  readonly vars: readonly VarTerm[]
}
export interface SomeInExpression extends Span {
  readonly kind: 'some-in'
  readonly key?: Term
  readonly value: Term
  readonly domain: Term
}
export interface EveryExpression extends Span {
  readonly kind: 'every'
  readonly key?: VarTerm
  readonly value: VarTerm
  readonly domain: Term
  readonly body: Body
}
/** What `and`, `or` and `not` apply to: a body in braces with its own scope, or one literal that binds nothing. */
export interface Operand extends Span {
  readonly explicit: boolean
  readonly body: Body
}
export interface LogicalExpression extends Span {
  readonly kind: 'logical'
  readonly operator: 'and' | 'or'
  /** At least two. */
  readonly operands: readonly Operand[]
}
/** `not` before a body in braces, or before a group in parentheses. */
export interface NotExpression extends Span {
  readonly kind: 'not'
  readonly operand: Operand
}
export type Expression =
  | TermExpression
  | SomeExpression
  | SomeInExpression
  | EveryExpression
  | LogicalExpression
  | NotExpression

/** One line of a body. */
export interface Literal extends Span {
  readonly negated: boolean
  readonly expression: Expression
  readonly with: readonly WithModifier[]
}

export type Body = readonly Literal[]

export interface RuleHead extends Span {
  /** A variable first, then the keys. */
  readonly ref: readonly Term[]
  readonly args?: readonly Term[]
  /** What a multi-value rule contains. */
  readonly key?: Term
  readonly value?: Term
  /** Whether the value was given with `:=`. */
  readonly assign: boolean
}

export interface Rule extends Span {
  readonly isDefault: boolean
  readonly head: RuleHead
  /** Empty if the rule has none, in which case it is always true. */
  readonly body: Body
  /** The offset of `if` or of the body's brace; -1 if there is neither. */
  readonly bodyStart: number
  readonly orElse?: Rule
  readonly annotations?: readonly Annotations[]
}

export interface Import extends Span {
  readonly path: RefTerm | VarTerm
  readonly alias?: string
}

export interface Package extends Span {
  /** Without the leading `data`. */
  readonly path: readonly string[]
}

export interface Comment extends Span {
  /** Without the leading `#`. */
  readonly text: string
}

export interface Module {
  readonly source: Source
  readonly package: Package
  readonly imports: readonly Import[]
  readonly rules: readonly Rule[]
  readonly comments: readonly Comment[]
  readonly annotations: readonly Annotations[]
  readonly regoVersion: 0 | 1
  /** The keywords in force after its imports. */
  readonly keywords: ReadonlySet<string>
}
