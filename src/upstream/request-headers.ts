import type { UpstreamConfig } from './config.ts'
import { fieldLines, isSound } from './field-lines.ts'
import type { ForwardRequest } from './forward-request.ts'
import { createForwardedLines } from './forwarded.ts'
import {
  CREDENTIAL_HEADERS,
  GATE_ONLY,
  GATE_ONLY_PREFIXES,
  HOP_BY_HOP,
  JUDGED_EVERYWHERE,
  connectionOptions,
  readAs,
} from './header-names.ts'

/** The parts of a target that appear in the head of a request. */
export interface HeadTarget {
  /** Request paths are appended to it. */
  readonly basePath: string
  /** {@link lineEndOf} its Host. */
  readonly lineEnd: string
}

/**
 * Writes the request line and header lines of a request as the upstream is to see them, Host first; `undefined` if a
 * value cannot stand in a header.
 */
export type WriteHead = (request: ForwardRequest, target: HeadTarget) => string | undefined

/** Headers that the gate itself reads. */
export interface ReadHeaders {
  readonly credentialHeaders?: readonly string[] | undefined
  readonly judgedHeaders?: readonly string[] | undefined
}

/** Compiles the request header rules of an upstream. */
export function createWriteHead(config: UpstreamConfig, read: ReadHeaders = {}): WriteHead {
  const clientLines = createClientLines(config, read)
  const forwardedLines = config.forwarded ? createForwardedLines() : () => ''
  const identityLines = config.identity ? createIdentityLines() : () => ''
  const viaLine = config.via === undefined ? '' : `via: 1.1 ${config.via}\r\n`
  const ownName = `${viaLine}x-request-id: `
  const editLines = fieldLines(Object.entries(config.request.set)) ?? ''
  return (request, target) => {
    const { method, path, requestId, identity } = request
    const lineEnd = config.preserveHost ? lineEndOf(request.host) : target.lineEnd
    const client = clientLines(request)
    const forwarded = forwardedLines(request)
    const caller = identity === undefined ? '' : identityLines(identity)
    if (client === undefined || forwarded === undefined || caller === undefined) return undefined
    if (!isSound(requestId) || (config.preserveHost && !isSound(request.host))) return undefined
    const trace = traceLines(request)
    // As few parts as possible: each is copied again when the whole is written.
    return (
      `${method} ${target.basePath}${path}${lineEnd}${client}${forwarded}${ownName}` +
      `${requestId}${trace}\r\n${caller}${editLines}`
    )
  }
}

/** A `tracestate` belongs to its `traceparent`: with another one it would describe a different trace. */
function traceLines({ traceparent, tracestate = '' }: ForwardRequest): string {
  if (traceparent === undefined) return ''
  const parent = `\r\ntraceparent: ${traceparent}`
  return tracestate === '' ? parent : `${parent}\r\ntracestate: ${tracestate}`
}

/** The end of the request line, and Host. */
export const lineEndOf = (host: string): string => ` HTTP/1.1\r\nhost: ${host}\r\n`

/** Writes the client's own fields that are passed on. Only its line is allocated per field. */
function createClientLines(
  config: UpstreamConfig,
  read: ReadHeaders,
): (request: ForwardRequest) => string | undefined {
  const strips = createStrip(config, read)
  const isEdited =
    config.request.remove.includes('authorization') ||
    Object.keys(config.request.set).some((name) => name.toLowerCase() === 'authorization')
  let lines = ''
  let isWritable = true
  let listed: readonly string[] | undefined
  let replacesTrace = false
  let isPublic = false
  // The gate accepts only Bearer, so on a public route any other scheme is meant for the upstream.
  const isForeign = (name: string, value: string): boolean =>
    isPublic && !isEdited && name === 'authorization' && !/^bearer(?: |$)/i.test(value)
  const take = (value: string, name: string): void => {
    if (listed?.includes(name) === true || (strips(name) && !isForeign(name, value))) return
    if (replacesTrace && (name === 'traceparent' || name === 'tracestate')) return
    if (!isSound(value)) isWritable = false
    lines += `${name}: ${value}\r\n`
  }
  return ({ headers, traceparent, isPublic: isForAll = false }) => {
    const connection = headers.get('connection')
    listed = connection === null ? undefined : connectionOptions(connection)
    replacesTrace = traceparent !== undefined
    isPublic = isForAll
    lines = ''
    isWritable = true
    headers.forEach(take)
    return isWritable ? lines : undefined
  }
}

type Identity = NonNullable<ForwardRequest['identity']>

/** The lines that identify the caller, written once per record. */
function createIdentityLines(): (identity: Identity) => string | undefined {
  const known = new WeakMap<Identity, string>()
  return (identity) => {
    const before = known.get(identity)
    if (before !== undefined) return before
    const lines = fieldLines(Object.entries(identity))
    if (lines !== undefined) known.set(identity, lines)
    return lines
  }
}

type Strip = (name: string) => boolean

function createStrip(
  config: UpstreamConfig,
  { credentialHeaders = CREDENTIAL_HEADERS, judgedHeaders = [] }: ReadHeaders,
): Strip {
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
    // Host names the target; Content-Length is written with the body.
    'host',
    'content-length',
  ])
  const judged = new Set([...JUDGED_EVERYWHERE, ...judgedHeaders])
  const known = new Map<string, boolean>()
  const judge = (name: string): boolean => {
    const read = readAs(name)
    if (names.has(read) || names.has(name)) return true
    if (read !== name && judged.has(read) && !judged.has(name)) return true
    return GATE_ONLY_PREFIXES.some((prefix) => read.startsWith(prefix))
  }
  // Clients send the same few names over and over. The bound keeps strangers from filling memory with others.
  return (name) => {
    const answer = known.get(name)
    if (answer !== undefined) return answer
    const strip = judge(name)
    if (known.size < NAMES_REMEMBERED) known.set(name, strip)
    return strip
  }
}

const NAMES_REMEMBERED = 256
