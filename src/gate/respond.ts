import type { Field } from '../core/answer.ts'
import { PlainAnswer } from '../core/answer.ts'
import type { StageBody } from './stage.ts'

/** A fixed answer, as the configuration gives it. */
export interface FixedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Text is sent as it is, anything else as JSON. */
  readonly body: unknown
}

const STATUSES_WITHOUT_BODY = new Set([204, 205, 304])

/** Answers without an upstream: the last stage of a route with `respond`. */
export function createRespond({ status, body, headers }: FixedAnswer): StageBody {
  const isText = typeof body === 'string'
  const content = isText ? body : JSON.stringify(body)
  const type = isText ? 'text/plain;charset=utf-8' : 'application/json'
  const own = Object.entries(headers).map(([name, value]): Field => [name.toLowerCase(), value])
  const typed = own.some(([name]) => name === 'content-type')
  const fields: readonly Field[] = typed ? own : [['content-type', type], ...own]
  const sent = STATUSES_WITHOUT_BODY.has(status) ? null : content
  const answer = PlainAnswer.repeated(status, fields, sent)
  return { run: () => answer }
}
