import type { ArgsDef } from 'citty'
import type { Arguments } from './arguments.ts'

/** Options of experiments that send one request repeatedly. */
export const requestArgs = {
  method: { type: 'string', valueHint: 'name', description: 'Method (default GET).' },
  body: { type: 'string', valueHint: 'text', description: 'Body of the request.' },
  status: { type: 'string', valueHint: 'n', description: 'Status expected (default 200).' },
} as const satisfies ArgsDef

/** The request to send, and the status to expect. */
export function readRequest(args: Arguments): {
  readonly method: string
  readonly body: string | null
  readonly status: number
} {
  const status = args.number('status', { min: 100, max: 599, whole: true }) ?? 200
  return { ...readBody(args), status }
}

/** A body, and the method to use with it if none is named. */
export function readBody(args: Arguments): {
  readonly method: string
  readonly body: string | null
} {
  const body = args.text('body') ?? null
  const method = args.text('method') ?? (body === null ? 'GET' : 'POST')
  return { method: method.toUpperCase(), body }
}
