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
export function createRespond(answer: FixedAnswer): StageBody {
  const { status, body } = answer
  const isText = typeof body === 'string'
  const text = isText ? body : JSON.stringify(body)
  const content = STATUSES_WITHOUT_BODY.has(status) ? null : text
  const type = isText ? 'text/plain;charset=utf-8' : 'application/json'
  const headers = new Headers({ 'content-type': type })
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, value)
  const init = { status, headers }
  return { run: () => new Response(content, init) }
}
