import type { UpstreamConfig } from './config.ts'
import type { ForwardRequest } from './forward-request.ts'
import { setForwarded } from './forwarded.ts'
import {
  CREDENTIAL_HEADERS,
  GATE_ONLY,
  GATE_ONLY_PREFIXES,
  HOP_BY_HOP,
  connectionOptions,
  readAs,
} from './header-names.ts'

/** Turns the client's headers into those for the upstream, in place. */
export type PrepareRequestHeaders = (request: ForwardRequest) => Headers

/** Compiles the request header rules of an upstream. */
export function createRequestHeaders(
  config: UpstreamConfig,
  credentialHeaders: readonly string[] = CREDENTIAL_HEADERS,
): PrepareRequestHeaders {
  const strips = createStrip(config, credentialHeaders)
  const edits = Object.entries(config.request.set)
  return (request) => {
    const { headers } = request
    stripNames(headers, strips)
    if (config.preserveHost) headers.set('host', request.host)
    if (!headers.has('user-agent')) headers.set('user-agent', '')
    if (request.body === null || request.body instanceof Uint8Array)
      headers.delete('content-length')
    if (config.forwarded) setForwarded(headers, request)
    if (config.via !== undefined) headers.set('via', `1.1 ${config.via}`)
    headers.set('x-request-id', request.requestId)
    if (request.traceparent !== undefined) headers.set('traceparent', request.traceparent)
    if (config.identity && request.identity !== undefined) setAll(headers, request.identity)
    for (const [name, value] of edits) headers.set(name, value)
    return headers
  }
}

type Strip = (name: string) => boolean

function createStrip(config: UpstreamConfig, credentialHeaders: readonly string[]): Strip {
  const passed = new Set(
    Array.isArray(config.passCredentials) ? config.passCredentials : ([] as string[]),
  )
  const credentials =
    config.passCredentials === true ? [] : credentialHeaders.filter((name) => !passed.has(name))
  const names = new Set<string>([
    ...HOP_BY_HOP,
    ...GATE_ONLY,
    ...credentials,
    ...config.request.remove,
    'host',
  ])
  return (name) => {
    const read = readAs(name)
    return names.has(read) || names.has(name) || GATE_ONLY_PREFIXES.some((p) => read.startsWith(p))
  }
}

function stripNames(headers: Headers, strips: Strip): void {
  const listed = headers.get('connection')
  const doomed: string[] = listed === null ? [] : connectionOptions(listed)
  for (const name of headers.keys()) if (strips(name)) doomed.push(name)
  for (const name of doomed) headers.delete(name)
}

function setAll(headers: Headers, values: Readonly<Record<string, string>>): void {
  for (const name in values) {
    const value = values[name]
    if (value !== undefined) headers.set(name, value)
  }
}
