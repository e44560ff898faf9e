import type { UpstreamConfig } from './config.ts'
import type { ForwardRequest } from './forward-request.ts'
import { emitForwarded } from './forwarded.ts'
import {
  CREDENTIAL_HEADERS,
  GATE_ONLY,
  GATE_ONLY_PREFIXES,
  HOP_BY_HOP,
  connectionOptions,
  readAs,
} from './header-names.ts'

/** Takes one header field. */
export type EmitField = (name: string, value: string) => void

/** Names the header fields of a request as the upstream is to see them, Host first. */
export type RequestFields = (request: ForwardRequest, targetHost: string, emit: EmitField) => void

/** Compiles the request header rules of an upstream. */
export function createRequestFields(
  config: UpstreamConfig,
  credentialHeaders: readonly string[] = CREDENTIAL_HEADERS,
): RequestFields {
  const strips = createStrip(config, credentialHeaders)
  const edits = Object.entries(config.request.set)
  return (request, targetHost, emit) => {
    const { headers, identity, traceparent } = request
    emit('host', config.preserveHost ? request.host : targetHost)
    const connection = headers.get('connection')
    const listed = connection === null ? [] : connectionOptions(connection)
    for (const [name, value] of headers) {
      if (strips(name) || listed.includes(name)) continue
      if (name === 'traceparent' && traceparent !== undefined) continue
      emit(name, value)
    }
    if (config.forwarded) emitForwarded(request, emit)
    if (config.via !== undefined) emit('via', `1.1 ${config.via}`)
    emit('x-request-id', request.requestId)
    if (traceparent !== undefined) emit('traceparent', traceparent)
    if (config.identity && identity !== undefined) {
      for (const name in identity) emit(name, identity[name] ?? '')
    }
    for (const [name, value] of edits) emit(name, value)
  }
}

/** Writes the request line and header lines; `undefined` when a value cannot stand in a header. */
export function writeHead(
  request: ForwardRequest,
  target: { readonly basePath: string; readonly host: string },
  fields: RequestFields,
): string | undefined {
  let head = `${request.method} ${target.basePath}${request.path} HTTP/1.1\r\n`
  let isSound = true
  fields(request, target.host, (name, value) => {
    // Beyond Latin-1, the lower byte of a character would be sent, and that may be a line feed.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) isSound = false
    head += `${name}: ${value}\r\n`
  })
  return isSound ? head : undefined
}

type Strip = (name: string) => boolean

function createStrip(config: UpstreamConfig, credentialHeaders: readonly string[]): Strip {
  const { passCredentials } = config
  const passed = new Set(Array.isArray(passCredentials) ? passCredentials : [])
  const credentials =
    passCredentials === true ? [] : credentialHeaders.filter((name) => !passed.has(name))
  const names = new Set<string>([
    ...HOP_BY_HOP,
    ...GATE_ONLY,
    ...credentials.map((name) => name.toLowerCase()),
    ...config.request.remove,
    ...Object.keys(config.request.set).map((name) => name.toLowerCase()),
    // The one names the target, the other is written with the body.
    'host',
    'content-length',
  ])
  const known = new Map<string, boolean>()
  const judge = (name: string): boolean => {
    const read = readAs(name)
    return names.has(read) || names.has(name) || GATE_ONLY_PREFIXES.some((p) => read.startsWith(p))
  }
  // Clients send the same few names over and over; strangers may not fill memory with others.
  return (name) => {
    const answer = known.get(name)
    if (answer !== undefined) return answer
    const strip = judge(name)
    if (known.size < NAMES_REMEMBERED) known.set(name, strip)
    return strip
  }
}

const NAMES_REMEMBERED = 256
