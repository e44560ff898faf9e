import { sortedEntries, stringifyJson, toTermText, typeName } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { objectOperand, operandError } from '../operands.ts'

interface MarshalOptions {
  indent: string
  prefix: string
  pretty: boolean | undefined
  implied: boolean
}

/** JSON text with the options `pretty`, `indent` and `prefix`; either of the last two implies the first. */
export function marshalWithOptions(args: readonly Value[]): string {
  const options: MarshalOptions = { indent: '\t', prefix: '', pretty: undefined, implied: false }
  sortedEntries(objectOperand(args, 1)).forEach(([key, value], index) =>
    readOption(options, key, value, index),
  )
  if (!(options.pretty ?? options.implied)) return stringifyJson(args[0]!, { escapeHtml: true })
  const { indent, prefix } = options
  return prefix + stringifyJson(args[0]!, { escapeHtml: true, indent, prefix })
}

function readOption(options: MarshalOptions, key: Value, value: Value, index: number): void {
  if (key === 'pretty') {
    if (typeof value !== 'boolean') throw operandError(1, 'key pretty failed cast to bool')
    options.pretty = value
  } else if (key === 'indent' || key === 'prefix') {
    if (typeof value !== 'string') {
      const found = `operand ${index} must be string but got ${typeName(value)}`
      throw operandError(1, `key "${key}" failed cast to string: ${found}`)
    }
    options[key] = value
    options.implied = true
  } else throw operandError(1, `object contained unknown key ${toTermText(key)}`)
}
