import type { Builtin } from '../builtins/index.ts'
import type { Value } from '../values/index.ts'
import type { RuleNode } from './tree.ts'

/** A variable of one rule or query, compared by identity. */
export interface Local {
  readonly id: number
  /** The name in the policy; `_` for wildcards, empty for variables that the compiler made. */
  readonly name: string
  readonly start: number
}

export interface ConstTerm {
  readonly kind: 'const'
  readonly value: Value
  readonly start: number
}
export interface LocalTerm {
  readonly kind: 'local'
  readonly local: Local
  readonly start: number
}
/** A reference; its path contains no reference, call or comprehension. */
export interface RefTerm {
  readonly kind: 'ref'
  readonly head: 'input' | 'data' | Local
  readonly path: readonly CoreTerm[]
  readonly start: number
}
export interface SequenceTerm {
  readonly kind: 'array' | 'set'
  readonly items: readonly CoreTerm[]
  readonly start: number
}
export interface ObjectTerm {
  readonly kind: 'object'
  readonly entries: readonly (readonly [CoreTerm, CoreTerm])[]
  readonly start: number
}
export interface ComprehensionTerm {
  readonly kind: 'comprehension'
  readonly of: 'array' | 'set' | 'object'
  readonly key?: CoreTerm
  readonly value: CoreTerm
  body: readonly CoreLiteral[]
  readonly start: number
}
export type CoreTerm =
  | ConstTerm
  | LocalTerm
  | RefTerm
  | SequenceTerm
  | ObjectTerm
  | ComprehensionTerm

/** The target of a call. */
export type Callee =
  | { readonly kind: 'builtin'; readonly builtin: Builtin }
  | { readonly kind: 'function'; readonly node: RuleNode; readonly path: readonly string[] }

export type WithTarget =
  | { readonly kind: 'input'; readonly path: readonly string[] }
  | { readonly kind: 'data'; readonly path: readonly string[] }
  | { readonly kind: 'callee'; readonly callee: Callee; readonly name: string }

export interface With {
  readonly target: WithTarget
  /** A value, or what to call instead. */
  readonly value: CoreTerm | Callee
  readonly start: number
}

interface LiteralBase {
  readonly start: number
  readonly negated: boolean
  readonly with: readonly With[]
}
/** The term must be defined and not `false`. */
export interface TestLiteral extends LiteralBase {
  readonly kind: 'test'
  readonly term: CoreTerm
}
/** Both sides must become equal; with `compare`, without binding variables. */
export interface UnifyLiteral extends LiteralBase {
  readonly kind: 'unify'
  readonly left: CoreTerm
  readonly right: CoreTerm
  readonly compare: boolean
}
export interface CallLiteral extends LiteralBase {
  readonly kind: 'call'
  readonly callee: Callee
  readonly args: readonly CoreTerm[]
  /** What the result must unify with; without it, the result must not be `false`. */
  readonly out?: CoreTerm
}
export interface EveryLiteral extends LiteralBase {
  readonly kind: 'every'
  readonly key?: Local
  readonly value: Local
  readonly domain: CoreTerm
  readonly body: readonly CoreLiteral[]
}
/** The body must hold at least once; it binds nothing outside. */
export interface HoldsLiteral extends LiteralBase {
  readonly kind: 'holds'
  readonly body: readonly CoreLiteral[]
  /** Variables that must be bound before. */
  readonly needs: readonly Local[]
}
export type CoreLiteral = TestLiteral | UnifyLiteral | CallLiteral | EveryLiteral | HoldsLiteral

/** One body of a rule with its value: the rule's own, or an `else`. */
export interface CoreBranch {
  body: readonly CoreLiteral[]
  /** The part of the head's reference that is not constant. */
  readonly keys: readonly CoreTerm[]
  /** The value, or the element of a multi-value rule. */
  readonly value: CoreTerm
  readonly start: number
}
