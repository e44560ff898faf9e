/** The kinds of tokens: punctuation and keywords are their own kind. */
export type TokenKind = string

export const KEYWORDS_V1: ReadonlySet<string> = new Set([
  'as',
  'contains',
  'default',
  'else',
  'every',
  'false',
  'if',
  'import',
  'in',
  'not',
  'null',
  'package',
  'some',
  'true',
  'with',
])

export const KEYWORDS_V0: ReadonlySet<string> = new Set([
  'as',
  'default',
  'else',
  'false',
  'import',
  'not',
  'null',
  'package',
  'some',
  'true',
  'with',
])

/** The keywords that a v0 module has to import. */
export const FUTURE_KEYWORDS: ReadonlySet<string> = new Set(['contains', 'every', 'if', 'in'])

const NAMES: Readonly<Record<string, string>> = {
  ident: 'identifier',
  eof: 'eof',
  number: 'number',
  string: 'string',
  'raw-string': 'string',
  template: 'string',
  illegal: 'illegal',
  ':=': 'assign',
  '=': 'unify',
  '==': 'equal',
  '!=': 'neq',
  '<': 'lt',
  '>': 'gt',
  '<=': 'lte',
  '>=': 'gte',
  '+': 'plus',
  '-': 'minus',
  '*': 'mul',
  '/': 'div',
  '%': 'rem',
  '|': 'or',
  '&': 'and',
}

/** How messages call a token: `if keyword`, `} token`. */
export function describeToken(kind: TokenKind): string {
  if (KEYWORDS_V1.has(kind)) return `${kind} keyword`
  return `${NAMES[kind] ?? kind} token`
}

/** The built-in behind each operator. */
export const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'eq',
  ':=': 'assign',
  '==': 'equal',
  '!=': 'neq',
  '<': 'lt',
  '>': 'gt',
  '<=': 'lte',
  '>=': 'gte',
  '+': 'plus',
  '-': 'minus',
  '*': 'mul',
  '/': 'div',
  '%': 'rem',
  '|': 'or',
  '&': 'and',
}
