import { BuiltinError } from '../types.ts'
import type { Position } from './ast.ts'

/** A fault in a document, and where it is. */
export interface Fault {
  readonly message: string
  readonly position: Position | undefined
}

/** A fault in the parser's own wording: `input:2:3: …`. */
export function faultText({ message, position }: Fault): string {
  return position === undefined
    ? `input: ${message}`
    : `input:${position.line}:${position.column}: ${message}`
}

/** The error of a document that cannot be parsed. */
export function syntaxError(message: string, { line, column }: Position): BuiltinError {
  return new BuiltinError(`${message} in GraphQL string at location ${line}:${column}`)
}

/** The error of a query with faults: all messages, and the place of the first. */
export function faultsError(faults: readonly Fault[]): BuiltinError {
  const text = `${faults.map(faultText).join('\n')}\n`
  const position = faults[0]?.position
  if (position === undefined) return new BuiltinError(`GraphQL parse error: ${text}`)
  const message = text.slice(text.indexOf(': ') + 2).replace(/\.\n$/, '')
  return new BuiltinError(
    `${message} in GraphQL string at location ${position.line}:${position.column}`,
  )
}

/** The error of an inconsistent schema. */
export function schemaError(fault: Fault): BuiltinError {
  return new BuiltinError(
    `Error in gqlparser SchemaDocument to Schema conversion: ${faultText(fault)}`,
  )
}
