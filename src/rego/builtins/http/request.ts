import {
  isArray,
  isNumber,
  isObject,
  jsonKey,
  makeObject,
  objectEntries,
  objectGet,
  RSet,
  stringifyJson,
  toDouble,
  toTermText,
} from '../../values/index.ts'
import type { PlainObject, RObj, Value } from '../../values/index.ts'
import { objectOperand, operandError } from '../operands.ts'
import { parseDuration } from '../time/duration.ts'
import { BuiltinError } from '../types.ts'

/** A checked request of `http.send`. */
export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | undefined
  readonly followRedirects: boolean
  readonly timeoutMs: number
  readonly decodeAs: 'json' | 'yaml' | undefined
  readonly raiseError: boolean
  readonly retriesMax: number
  /** Equal for requests that may share an answer. */
  readonly cacheKey: string
}

type Obj = PlainObject | RObj

const ALLOWED: ReadonlySet<Value> = new Set([
  'method',
  'url',
  'body',
  'enable_redirect',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'raw_body',
  'tls_use_system_certs',
  'tls_ca_cert',
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_insecure_skip_verify',
  'tls_server_name',
  'timeout',
  'cache',
  'force_cache',
  'force_cache_duration_seconds',
  'raise_error',
  'caching_mode',
  'max_retry_attempts',
  'cache_ignored_headers',
])
const REQUIRED: readonly string[] = ['method', 'url']
const TIMEOUT_DEFAULT_MS = 5_000
const RETRIES_MAX = 10

/** Checks that a request has the parameters it needs, and none that are unknown. */
export function requestOperand(args: readonly Value[], index: number): Obj {
  const request = objectOperand(args, index)
  const names = Array.from(objectEntries(request), ([name]) => name)
  const unknown = names.filter((name) => !ALLOWED.has(name))
  if (unknown.length > 0)
    throw operandError(index, `invalid request parameters(s): ${toTermText(RSet.from(unknown))}`)
  const missing = REQUIRED.filter((name) => !names.includes(name))
  if (missing.length > 0) {
    throw operandError(
      index,
      `missing required request parameters(s): ${toTermText(RSet.from(missing))}`,
    )
  }
  return request
}

/** Whether a failed request is an error; otherwise, the failure is the result. */
export function raisesErrors(args: readonly Value[]): boolean {
  return booleanAt(objectOperand(args, 0), 'raise_error', true)
}

/** Reads a request. A policy cannot change the TLS settings: they belong to the host's client. */
export function readRequest(args: readonly Value[]): HttpRequest {
  const request = requestOperand(args, 0)
  for (const [name] of objectEntries(request)) {
    if (typeof name === 'string' && name.startsWith('tls_') && name !== 'tls_use_system_certs') {
      throw new BuiltinError(`${name} is not supported: the host decides on TLS`)
    }
  }
  const retries = objectGet(request, 'max_retry_attempts') ?? 0
  return {
    method: textAt(request, 'method').toUpperCase(),
    url: textAt(request, 'url'),
    headers: headersOf(request),
    body: bodyOf(request),
    followRedirects: booleanAt(request, 'enable_redirect', false),
    timeoutMs: timeoutOf(objectGet(request, 'timeout')),
    decodeAs: booleanAt(request, 'force_json_decode', false)
      ? 'json'
      : booleanAt(request, 'force_yaml_decode', false)
        ? 'yaml'
        : undefined,
    raiseError: booleanAt(request, 'raise_error', true),
    retriesMax: isNumber(retries) ? Math.min(Math.max(toDouble(retries), 0), RETRIES_MAX) : 0,
    cacheKey: `http.send:${stringifyJson(withoutIgnoredHeaders(request))}`,
  }
}

function textAt(request: Obj, name: string): string {
  const value = objectGet(request, name)
  if (typeof value !== 'string') throw new BuiltinError(`"${name}" must be a string`)
  return value.replace(/^"+|"+$/g, '')
}

function booleanAt(request: Obj, name: string, initial: boolean): boolean {
  const value = objectGet(request, name)
  if (value !== undefined && typeof value !== 'boolean')
    throw new BuiltinError(`${name} must be a boolean`)
  return value ?? initial
}

function headersOf(request: Obj): [string, string][] {
  const headers = objectGet(request, 'headers')
  if (headers === undefined) return []
  if (!isObject(headers)) throw new BuiltinError('invalid type for headers key')
  return Array.from(objectEntries(headers), ([name, value]) => {
    if (typeof value !== 'string')
      throw new BuiltinError(`invalid type for headers value ${toTermText(value)}`)
    return [jsonKey(name), value]
  })
}

function bodyOf(request: Obj): string | undefined {
  if (objectGet(request, 'raw_body') !== undefined) return textAt(request, 'raw_body')
  const body = objectGet(request, 'body')
  return body === undefined ? undefined : stringifyJson(body, { escapeHtml: true })
}

function timeoutOf(value: Value | undefined): number {
  if (value === undefined) return TIMEOUT_DEFAULT_MS
  if (isNumber(value)) return Math.max(toDouble(value) / 1e6, 1)
  if (typeof value !== 'string')
    throw new BuiltinError(`'timeout' must be one of {string, number} but got ${toTermText(value)}`)
  return Math.max(Number(parseDuration(/^\d+$/.test(value) ? `${value}ns` : value)) / 1e6, 1)
}

/** The request without the headers that do not affect the answer. */
function withoutIgnoredHeaders(request: Obj): Value {
  const ignored = objectGet(request, 'cache_ignored_headers')
  const headers = objectGet(request, 'headers')
  if (ignored === undefined || headers === undefined || !isObject(headers)) return request
  const names = isArray(ignored) ? ignored.filter((name) => typeof name === 'string') : []
  if (!isArray(ignored) || names.length < ignored.length) {
    throw new BuiltinError('cache_ignored_headers must be an array of strings')
  }
  const kept = Array.from(objectEntries(headers)).filter(
    ([name]) => typeof name !== 'string' || !names.includes(name),
  )
  return makeObject([...objectEntries(request), ['headers', makeObject(kept)]])
}
