import { compareStrings, isArray, objectEntries, RSet } from '../../values/index.ts'
import type { RNumber, Value } from '../../values/index.ts'
import { toBigInt, toDouble } from '../../values/index.ts'
import {
  arrayOperand,
  intOperand,
  numberOperand,
  objectOperand,
  operandError,
  operandTypeError,
  stringOperand,
  stringsOperand,
} from '../operands.ts'
import type { BuiltinCall } from '../types.ts'
import { toLower, toUpper } from './casing.ts'
import { replaceAll } from './replace.ts'
import { anyStartsWith, countOf, indicesOf, reverse, split, splitN, substring } from './search.ts'
import { sprintf } from './sprintf.ts'
import { renderTemplate } from './template/index.ts'
import { renderTemplateString } from './template-string.ts'
import { isSpace, trimEnd, trimStart, within } from './trim.ts'

type Args = readonly Value[]

const BASES: ReadonlySet<Value> = new Set([2, 8, 10, 16])

function onStrings(operation: (a: string, b: string) => Value): BuiltinCall {
  return (_, args) => operation(stringOperand(args, 0), stringOperand(args, 1))
}

function onString(operation: (text: string) => Value): BuiltinCall {
  return (_, args) => operation(stringOperand(args, 0))
}

function oneOrMore(args: Args, index: number): readonly string[] {
  const value = args[index]!
  if (typeof value === 'string') return [value]
  if (isArray(value) || value instanceof RSet) return stringsOperand(args, index)
  throw operandTypeError(index, value, 'string', 'set', 'array')
}

function formatInt(number: RNumber, base: Value): string {
  if (!BASES.has(base)) throw operandError(1, 'must be one of {2, 8, 10, 16}')
  return (toBigInt(number) ?? BigInt(Math.trunc(toDouble(number)))).toString(base as number)
}

function replaceN(args: Args): string {
  const pairs = [...objectEntries(objectOperand(args, 0))].map(
    ([old, replacement]): [string, string] => {
      if (typeof old !== 'string') throw operandError(0, 'non-string key found in pattern object')
      if (typeof replacement !== 'string')
        throw operandError(0, 'non-string value found in pattern object')
      return [old, replacement]
    },
  )
  return replaceAll(
    stringOperand(args, 1),
    pairs.sort((a, b) => compareStrings(a[0], b[0])),
  )
}

function concat(args: Args): string {
  const delimiter = stringOperand(args, 0)
  return stringsOperand(args, 1).join(delimiter)
}

/** Functions on strings. */
export const STRINGS: Readonly<Record<string, BuiltinCall>> = {
  concat: (_, args) => concat(args),
  contains: onStrings((text, part) => text.includes(part)),
  startswith: onStrings((text, part) => text.startsWith(part)),
  endswith: onStrings((text, part) => text.endsWith(part)),
  indexof: onStrings((text, part) => indicesOf(text, part, 1)[0] ?? -1),
  indexof_n: onStrings((text, part) => indicesOf(text, part, Infinity)),
  'strings.count': onStrings(countOf),
  substring: (_, args) =>
    substring(stringOperand(args, 0), intOperand(args, 1), intOperand(args, 2)),
  lower: onString(toLower),
  upper: onString(toUpper),
  'strings.reverse': onString(reverse),
  split: onStrings(split),
  'strings.split_n': (_, args) =>
    splitN(stringOperand(args, 0), stringOperand(args, 1), intOperand(args, 2)),
  replace: (_, args) =>
    replaceAll(stringOperand(args, 0), [[stringOperand(args, 1), stringOperand(args, 2)]]),
  'strings.replace_n': (_, args) => replaceN(args),
  trim: onStrings((text, cutset) => trimEnd(trimStart(text, within(cutset)), within(cutset))),
  trim_left: onStrings((text, cutset) => trimStart(text, within(cutset))),
  trim_right: onStrings((text, cutset) => trimEnd(text, within(cutset))),
  trim_space: onString((text) => trimEnd(trimStart(text, isSpace), isSpace)),
  trim_prefix: onStrings((text, prefix) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  trim_suffix: onStrings((text, suffix) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  ),
  'strings.any_prefix_match': (_, args) => anyStartsWith(oneOrMore(args, 0), oneOrMore(args, 1)),
  'strings.any_suffix_match': (_, args) =>
    anyStartsWith(oneOrMore(args, 0).map(reverse), oneOrMore(args, 1).map(reverse)),
  format_int: (_, args) => formatInt(numberOperand(args, 0), numberOperand(args, 1)),
  sprintf: (_, args) => sprintf(stringOperand(args, 0), arrayOperand(args, 1)),
  'strings.render_template': (_, args) =>
    renderTemplate(stringOperand(args, 0), objectOperand(args, 1)),
  'internal.template_string': (_, args) => renderTemplateString(arrayOperand(args, 0)),
}
