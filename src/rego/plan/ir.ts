import type { Builtin } from '../builtins/index.ts'
import type { Location } from '../errors.ts'
import type { Value } from '../values/index.ts'
import type { RuleNode } from '../compile/tree.ts'

/**
 * An expression that computes a value, or nothing (undefined). Operands other than bases of `get` are always defined.
 */
export type Expr =
  | { readonly op: 'const'; readonly value: Value }
  /** `base` says that it holds a part of the base documents. */
  | { readonly op: 'slot'; readonly slot: number; readonly base?: boolean }
  | { readonly op: 'input' }
  /** The base document at a path. */
  | { readonly op: 'data'; readonly path: readonly (string | number)[] }
  | { readonly op: 'get'; readonly base: Expr; readonly key: Expr }
  | { readonly op: 'array' | 'set'; readonly items: readonly Expr[] }
  | { readonly op: 'object'; readonly entries: readonly (readonly [Expr, Expr])[] }
  | {
      readonly op: 'builtin'
      readonly builtin: Builtin
      readonly args: readonly Expr[]
      readonly site: Location
    }
  | { readonly op: 'call'; readonly group: Group; readonly args: readonly Expr[] }
  /** The whole value of a rule. */
  | { readonly op: 'rule'; readonly group: Group }
  /** Part of a partial rule, found without building the rest. */
  | {
      readonly op: 'find'
      readonly group: Group
      readonly finder: Finder
      readonly keys: readonly Expr[]
    }
  /** A document that has rules beneath it; only `vget`, `force` and `veach` can handle it. */
  | { readonly op: 'node'; readonly node: RuleNode }
  | { readonly op: 'vget'; readonly base: Expr; readonly key: Expr }
  | { readonly op: 'force'; readonly base: Expr }

/** One step; when it fails, the search continues with the next choice of the enclosing loop. */
export type Step =
  | { readonly op: 'let'; readonly slot: number; readonly expr: Expr }
  | { readonly op: 'test'; readonly expr: Expr }
  | { readonly op: 'equal'; readonly left: Expr; readonly right: Expr }
  | { readonly op: 'is-array'; readonly expr: Expr; readonly length: number }
  | { readonly op: 'is-object'; readonly expr: Expr; readonly size: number }
  | { readonly op: 'fail' }
  | {
      readonly op: 'each'
      readonly expr: Expr
      readonly key: number
      readonly value: number
      /** Whether objects must be walked in the order of their keys. */
      readonly ordered: boolean
    }
  | { readonly op: 'veach'; readonly expr: Expr; readonly key: number; readonly value: number }
  /** One iteration for each solution of a relation. */
  | { readonly op: 'solutions'; readonly expr: Expr; readonly value: number }
  | { readonly op: 'not'; readonly block: Block }
  | {
      readonly op: 'collect'
      readonly slot: number
      readonly of: 'array' | 'set' | 'object'
      readonly block: Block
      readonly key?: Expr
      readonly value: Expr
      readonly site: Location
      readonly grouping?: Grouping
    }
  | {
      readonly op: 'with'
      readonly changes: readonly Change[]
      readonly block: Block
      /** The slots that the steps after it need. */
      readonly outs: readonly number[]
      /** Whether the block may succeed more than once. */
      readonly many: boolean
    }
  /** A line of the policy that coverage counts. */
  | { readonly op: 'cover'; readonly point: number }

export type Block = readonly Step[]

/** How a comprehension is computed once for all values of its outer variables. */
export interface Grouping {
  readonly id: number
  /** The values that its result is wanted for. */
  readonly keys: readonly Expr[]
  /** Computes all groups: the same block, except that it binds the outer variables. */
  readonly block: Block
  readonly groupKeys: readonly Expr[]
  readonly value: Expr
}

/** What a `with` changes. */
export type Change =
  | { readonly op: 'input'; readonly path: readonly string[]; readonly value: Expr }
  | {
      readonly op: 'data'
      readonly path: readonly string[]
      readonly value: Expr
      readonly target: number
    }
  | { readonly op: 'mock'; readonly mock: number; readonly value: Expr }
  | {
      readonly op: 'mock-builtin'
      readonly mock: number
      readonly builtin: Builtin
      readonly site: Location
    }
  | { readonly op: 'mock-function'; readonly mock: number; readonly group: Group }

/** A body with its value. */
export interface Branch {
  readonly block: Block
  readonly value: Expr
  /** For partial objects: where the value goes. */
  readonly keys: readonly Expr[]
  readonly slots: number
}

export interface PlannedRule {
  /** The first body that succeeds gives the value. */
  readonly branches: readonly Branch[]
  readonly leaf: 'value' | 'set'
  readonly site: Location
  /** The number of the rule, for coverage and messages. */
  readonly id: number
}

/** Rules to try, and indexes that find more. */
export interface IndexNode {
  readonly rules: readonly number[]
  readonly indexes: readonly RuleIndex[]
}
/** Which of a group's rules can succeed, by the value of an expression. */
export interface RuleIndex {
  /** The number of the expression among the group's lookups. */
  readonly lookup: number
  readonly buckets: ReadonlyMap<Value, IndexNode>
}

/** Evaluates the rules of a partial rule for keys that are known. */
export interface Finder {
  readonly id: number
  readonly keys: number
  readonly rules: readonly PlannedRule[]
}

/** The rules that define one document or function. */
export interface Group {
  readonly id: number
  readonly node: RuleNode
  readonly path: readonly string[]
  readonly kind: 'complete' | 'function' | 'set' | 'object'
  readonly params: number
  /** Where conflicts are reported. */
  readonly site: Location
  /** How many rules there are, without the default. */
  size: number
  /** Whether rules are planned when they are first tried; `rules` is empty then. */
  onDemand: boolean
  /** Filled once planned. */
  rules: readonly PlannedRule[]
  fallback: PlannedRule | undefined
  index: IndexNode | undefined
  /** The expressions that the index looks up. */
  lookups: readonly Expr[]
  readonly finders: Map<string, Finder>
  /** Whether all rules give the same constant: the first success is the answer. */
  oneValue: boolean
  /** The `with` targets that replace this document when they are in force. */
  hidden: readonly number[]
  /** The `with` target that replaces this function, or -1. */
  mock: number
  /** What the value depends on. */
  reads: Reads
  memo: boolean
}

/** What a group reads, with everything it calls. */
export interface Reads {
  readonly input: ReadonlySet<string>
  readonly data: ReadonlySet<string>
  readonly builtins: ReadonlySet<string>
  /** Whether it reads neither the input nor anything that changes by itself. */
  readonly fixed: boolean
}
