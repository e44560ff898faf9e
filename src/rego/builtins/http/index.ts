import { parseJson, setOwn } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { parseYaml } from '../encoding/yaml.ts'
import { BuiltinError } from '../types.ts'
import type { Builtin, BuiltinCall, BuiltinContext } from '../types.ts'
import { raisesErrors, readRequest } from './request.ts'
import type { HttpRequest } from './request.ts'

const BODY_BYTES_MAX = 32 * 1024 * 1024
const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 60_000
const NETWORK_ERROR = 'eval_http_send_network_error'
const INTERNAL_ERROR = 'eval_http_send_internal_error'

function failure(code: string, error: unknown): Value {
  const message = error instanceof Error ? error.message : 'request failed'
  return { status_code: 0, error: { code, message } }
}

/** Sends a request once per query; an equal request within the query gets the same answer. */
async function send(context: BuiltinContext, args: readonly Value[]): Promise<Value> {
  const raise = raisesErrors(args)
  let request: HttpRequest
  try {
    request = readRequest(args)
  } catch (error) {
    if (raise) throw error
    return failure(INTERNAL_ERROR, error)
  }
  const known = context.memo.get(request.cacheKey)
  if (known !== undefined) return known
  try {
    const answer = await exchange(context, request)
    context.memo.set(request.cacheKey, answer)
    return answer
  } catch (error) {
    context.signal?.throwIfAborted()
    if (!raise)
      return failure(error instanceof BuiltinError ? INTERNAL_ERROR : NETWORK_ERROR, error)
    throw error instanceof BuiltinError ? error : new BuiltinError(describe(request, error))
  }
}

function describe({ method, url }: HttpRequest, error: unknown): string {
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const reason = timedOut
    ? 'request timed out'
    : error instanceof Error
      ? error.message
      : 'request failed'
  return `${method[0]}${method.slice(1).toLowerCase()} "${url}": ${reason}`
}

async function exchange(context: BuiltinContext, request: HttpRequest): Promise<Value> {
  if (context.fetch === undefined) throw new BuiltinError('requests are not allowed')
  for (let attempt = 0; ; attempt++) {
    try {
      const timeout = AbortSignal.timeout(Math.ceil(request.timeoutMs))
      const signal =
        context.signal === undefined ? timeout : AbortSignal.any([timeout, context.signal])
      const response = await context.fetch(request.url, {
        method: request.method,
        headers: request.headers.map(([name, value]): [string, string] => [name, value]),
        redirect: request.followRedirects ? 'follow' : 'manual',
        signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      return await readResponse(response, request)
    } catch (error) {
      if (
        attempt >= request.retriesMax ||
        error instanceof BuiltinError ||
        context.signal?.aborted === true
      )
        throw error
      await delay(Math.min(RETRY_DELAY_MIN_MS * 2 ** attempt, RETRY_DELAY_MAX_MS))
    }
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

async function readResponse(response: Response, { decodeAs }: HttpRequest): Promise<Value> {
  const rawBody = await readText(response)
  const headers: { [key: string]: Value } = {}
  response.headers.forEach((value, name) => setOwn(headers, name, [value]))
  const type = response.headers.get('content-type') ?? ''
  const answer = {
    status: `${response.status} ${response.statusText}`.trim(),
    status_code: response.status,
    headers,
    raw_body: rawBody,
  }
  const format =
    decodeAs ?? (/json/i.test(type) ? 'json' : /ya?ml/i.test(type) ? 'yaml' : undefined)
  return { ...answer, body: decodeBody(rawBody, format) }
}

function decodeBody(text: string, format: 'json' | 'yaml' | undefined): Value {
  if (format === undefined) return null
  try {
    return format === 'json' ? parseJson(text) : parseYaml(text)
  } catch {
    return null
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  const parts: string[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (
    let chunk = await reader?.read();
    chunk !== undefined && !chunk.done;
    chunk = await reader?.read()
  ) {
    const bytes = chunk.value as Uint8Array
    size += bytes.length
    if (size > BODY_BYTES_MAX) {
      await reader?.cancel()
      throw new BuiltinError(`the response is larger than ${BODY_BYTES_MAX} bytes`)
    }
    parts.push(decoder.decode(bytes, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}

/** Without waiting, only malformed requests can be detected. */
const checkOnly: BuiltinCall = (context, args) => {
  const raise = raisesErrors(args)
  try {
    const request = readRequest(args)
    const known = context.memo.get(request.cacheKey)
    if (known !== undefined) return known
  } catch (error) {
    if (raise) throw error
    return failure(INTERNAL_ERROR, error)
  }
  throw new BuiltinError('waits for the network: evaluate asynchronously')
}

/** HTTP requests. */
export const HTTP: Readonly<Record<string, BuiltinCall>> = { 'http.send': checkOnly }

export const ASYNC_HTTP: Readonly<Record<string, NonNullable<Builtin['callAsync']>>> = {
  'http.send': send,
}
