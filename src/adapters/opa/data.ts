import { edited, valueAt } from '../../policy/with-rego.ts'
import type { Value } from '../../rego/index.ts'
import { parseJson } from '../../rego/index.ts'
import { answerJson, errorBody, evaluating, OpaError } from './answers.ts'
import { member, readBody } from './body.ts'
import type { OpaRequest } from './context.ts'
import { isOn } from './context.ts'

const NANOSECONDS_PER_MS = 1e6

/** `data.app.allow`, with numbers as positions in arrays. */
const referenceOf = (path: readonly string[]): string =>
  `data${path.map((step) => `[${/^(0|[1-9]\d{0,8})$/.test(step) ? step : JSON.stringify(step)}]`).join('')}`

/** `GET` and `POST /v1/data/{path}`. */
export async function evaluateData(asked: OpaRequest): Promise<Response> {
  const isPost = asked.request.method === 'POST'
  const body = isPost ? await readBody(asked.request, asked.bodyBytesMax) : undefined
  const input = isPost ? member(body, 'input') : inputOfQuery(asked)
  const answer = decide(asked, input)
  const warning =
    isPost && input === undefined
      ? { code: 'api_usage_warning', message: "'input' key missing from the request" }
      : undefined
  return answerJson(200, { ...answer, ...(warning && { warning }) }, isOn(asked, 'pretty'))
}

function inputOfQuery({ query }: OpaRequest): Value | undefined {
  const text = query.get('input')
  if (text === null) return undefined
  try {
    return parseJson(text)
  } catch {
    throw new OpaError(400, 'invalid_parameter', 'parameter input contains malformed JSON')
  }
}

function decide(asked: OpaRequest, input: Value | undefined): Record<string, Value> {
  const { clock, decisionId, store } = asked.options
  const startMs = clock.monotonicMs()
  const result = valueOf(asked, input)
  const elapsedNs = Math.round((clock.monotonicMs() - startMs) * NANOSECONDS_PER_MS)
  return {
    decision_id: decisionId(),
    ...(isOn(asked, 'metrics') && { metrics: { timer_rego_query_eval_ns: elapsedNs } }),
    ...(isOn(asked, 'provenance') && { provenance: { revision: store.revision() } }),
    ...(result !== undefined && { result }),
  }
}

function valueOf(asked: OpaRequest, input: Value | undefined): Value | undefined {
  const strictBuiltinErrors = isOn(asked, 'strict-builtin-errors')
  return evaluating(() => {
    const { signal } = asked.request
    const options = { strictBuiltinErrors, signal }
    return asked.options.store.policy().evaluate(referenceOf(asked.path), input, options)
  })
}

/** `POST /v0/data/{path}` and `POST /`: the body is the input, the answer is the document. */
export async function evaluateDocument(asked: OpaRequest): Promise<Response> {
  const input = await readBody(asked.request, asked.bodyBytesMax)
  const value = valueOf(asked, input)
  if (value !== undefined) return answerJson(200, value, isOn(asked, 'pretty'))
  const message = `document missing: data.${asked.path.join('.')}`
  throw new OpaError(404, 'undefined_document', message)
}

/** `POST /v1/batch/data/{path}`: many inputs, one answer each; 207 when some of them failed. */
export async function evaluateBatch(asked: OpaRequest): Promise<Response> {
  const inputs = member(await readBody(asked.request, asked.bodyBytesMax), 'inputs')
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new OpaError(400, 'invalid_parameter', '`inputs` must be an object')
  }
  const answers = Object.entries(inputs as Readonly<Record<string, Value>>).map(([key, input]) => {
    try {
      return { key, failed: false, body: decide(asked, input) }
    } catch (error) {
      if (!(error instanceof OpaError)) throw error
      return { key, failed: true, body: errorBody(error) }
    }
  })
  const failed = answers.filter((answer) => answer.failed).length
  const status = failed === 0 ? 200 : failed === answers.length ? 500 : 207
  const responses = answers.map(({ key, body, failed: hasFailed }): [string, Value] => [
    key,
    status === 207 ? { ...body, http_status_code: hasFailed ? '500' : '200' } : body,
  ])
  const whole = { batch_decision_id: asked.options.decisionId() }
  return answerJson(status, { ...whole, responses: Object.fromEntries(responses) })
}

/** `PUT /v1/data/{path}`. */
export async function putData(asked: OpaRequest): Promise<Response> {
  const { store } = asked.options
  const exists = valueAt(store.data(), asked.path) !== undefined
  if (exists && asked.request.headers.get('if-none-match') === '*') {
    return new Response(null, { status: 304 })
  }
  const value = await readBody(asked.request, asked.bodyBytesMax)
  if (value === undefined) throw new OpaError(400, 'invalid_parameter', 'the body is empty')
  const next = edited(store.data(), asked.path, 'put', value)
  if (next === undefined) throw conflict(asked.path)
  replace(asked, next)
  return new Response(null, { status: 204 })
}

/** `DELETE /v1/data/{path}`. */
export function deleteData(asked: OpaRequest): Response {
  const { path, options } = asked
  const next = path.length === 0 ? {} : edited(options.store.data(), path, 'remove', null)
  if (next === undefined) throw missing(path)
  replace(asked, next)
  return new Response(null, { status: 204 })
}

const OPERATIONS: Readonly<Record<string, 'insert' | 'put' | 'remove'>> = {
  add: 'insert',
  replace: 'put',
  remove: 'remove',
}

/** `PATCH /v1/data/{path}`: `add`, `replace` and `remove` of RFC 6902, all or none. */
export async function patchData(asked: OpaRequest): Promise<Response> {
  const patch = await readBody(asked.request, asked.bodyBytesMax)
  if (!Array.isArray(patch)) throw new OpaError(400, 'invalid_parameter', 'expected a JSON patch')
  let data: Value = asked.options.store.data()
  for (const operation of patch as readonly Value[]) {
    const [op, at] = [member(operation, 'op'), member(operation, 'path')]
    const edit = typeof op === 'string' ? OPERATIONS[op] : undefined
    if (edit === undefined || typeof at !== 'string' || !/^(\/.*)?$/s.test(at)) {
      throw new OpaError(400, 'invalid_parameter', 'bad patch operation or path')
    }
    const value = member(operation, 'value')
    if (value === undefined && edit !== 'remove') {
      throw new OpaError(400, 'invalid_parameter', `an operation on ${at} needs a value`)
    }
    const steps = at.split('/').slice(1)
    const path = [...asked.path, ...steps.map(unescapePointer)]
    if (edit === 'put' && valueAt(data, path) === undefined) throw missing(path)
    const next: Value | undefined = edited(data, path, edit, value ?? null)
    if (next === undefined) throw missing(path)
    data = next
  }
  replace(asked, data)
  return new Response(null, { status: 204 })
}

const unescapePointer = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')

function replace({ options: { store }, path }: OpaRequest, data: Value): void {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw conflict(path)
  store.replaceData(data)
}

const missing = (path: readonly string[]): OpaError =>
  new OpaError(404, 'resource_not_found', `storage_not_found_error: /${path.join('/')}`)

const conflict = (path: readonly string[]): OpaError =>
  new OpaError(400, 'invalid_parameter', `data conflict: /${path.join('/')}`)
