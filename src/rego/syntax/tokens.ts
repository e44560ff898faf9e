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

/** Marks, among a module's keywords, that `not { … }` was imported; no word can be written like this. */
export const NOT_BODY = 'not {'

/** The keywords that every module has to import, and what each of them turns on. */
export const OPT_IN_KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['and', 'and'],
  ['not', NOT_BODY],
  ['or', 'or'],
])

/** The keywords that can be imported; a v1 module has the others without an import. */
export const FUTURE_KEYWORDS: ReadonlySet<string> = new Set([
  'and',
  'contains',
  'every',
  'if',
  'in',
  'not',
  'or',
])

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

const NAMES: Readonly<Record<string, string>> = {
  ident: 'identifier',
  eof: 'eof',
  number: 'number',
  string: 'string',
  'raw-string': 'string',
  template: 'string',
  illegal: 'illegal',
  ...OPERATORS,
  '=': 'unify',
}

/** The name of a token in messages: `if keyword`, `} token`. */
export function describeToken(kind: TokenKind): string {
  if (KEYWORDS_V1.has(kind) || OPT_IN_KEYWORDS.has(kind)) return `${kind} keyword`
  return `${NAMES[kind] ?? kind} token`
}
