import type { Random } from '../core/random.ts'
import { toHex } from '../core/bytes.ts'

/** A request's place in a distributed trace (W3C Trace Context level 2). */
export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string
  /** The caller's span, 16 hex digits; empty when the trace starts here. */
  readonly parentId: string
  /** Tollgate's own span, 16 hex digits. */
  readonly spanId: string
  readonly sampled: boolean
  /** Header to send upstream, naming Tollgate's span as the parent. */
  readonly traceparent: string
  /** Header to send upstream unchanged; empty when there is none. */
  readonly tracestate: string
}

/** Continues or starts traces. */
export interface Traces {
  /**
   * Continues the trace that valid headers describe, or starts a new one. An invalid `tracestate` is dropped by
   * itself; with an invalid `traceparent`, both are dropped (§3.2.2.3, §3.3.1.4).
   */
  begin(traceparent: string | null, tracestate: string | null): Trace
}

/** The fields of a `traceparent` header. */
export interface TraceParent {
  readonly traceId: string
  readonly parentId: string
  /** Bit 0: sampled; bit 1: the trace id is random. Others are cleared (§3.2.2.5). */
  readonly flags: number
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const KNOWN_FLAGS = 0b11
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)

/** Parses a `traceparent` header (§3.2), any version but ff; `undefined` when it is not valid. */
export function parseTraceparent(header: string): TraceParent | undefined {
  const match = TRACEPARENT.exec(header.trim())
  if (match === null) return undefined
  const [, version, traceId = '', parentId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (traceId === ZERO_TRACE || parentId === ZERO_SPAN) return undefined
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & KNOWN_FLAGS }
}

const MEMBERS_MAX = 32
const TRACESTATE_CHARS_MAX = 8192
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/**
 * Checks a `tracestate` header (§3.3): at most 32 members, unique well-formed keys, well-formed
 * values. Returns it without empty members and outer white space, or `undefined` when it is invalid.
 */
export function parseTracestate(header: string): string | undefined {
  if (header.length > TRACESTATE_CHARS_MAX) return undefined
  const members = header
    .split(',')
    .map((member) => member.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '')
  const keys = new Set<string>()
  for (const member of members) {
    const equals = member.indexOf('=')
    const key = member.slice(0, Math.max(equals, 0))
    if (!KEY.test(key) || !VALUE.test(member.slice(equals + 1)) || keys.has(key)) return undefined
    keys.add(key)
  }
  return members.length > MEMBERS_MAX ? undefined : members.join(',')
}

const POOL_BYTES = 2048
const HEX = ['00', '01', '02', '03'] as const

/**
 * Creates a {@link Traces}.
 *
 * @param random source of trace and span ids.
 */
export function createTraces(random: Random): Traces {
  const draw = createHexPool(random)
  const trace = (parent: TraceParent, tracestate: string): Trace => {
    const spanId = draw(ZERO_SPAN)
    const flags = HEX[parent.flags & KNOWN_FLAGS] ?? HEX[0]
    return {
      traceId: parent.traceId,
      parentId: parent.parentId,
      spanId,
      sampled: (parent.flags & 1) === 1,
      traceparent: `00-${parent.traceId}-${spanId}-${flags}`,
      tracestate,
    }
  }
  return {
    begin(traceparent, tracestate) {
      const parent = traceparent === null ? undefined : parseTraceparent(traceparent)
      if (parent === undefined) {
        return trace({ traceId: draw(ZERO_TRACE), parentId: '', flags: 0b10 }, '')
      }
      return trace(parent, tracestate === null ? '' : (parseTracestate(tracestate) ?? ''))
    },
  }
}

/** Draws random hex digits, never all zero, from a pool that is refilled when it runs out. */
function createHexPool(random: Random): (zero: string) => string {
  let pool = ''
  let used = 0
  return function draw(zero): string {
    if (used + zero.length > pool.length) {
      pool = toHex(random.bytes(POOL_BYTES))
      used = 0
    }
    const digits = pool.slice(used, used + zero.length)
    used += zero.length
    return digits === zero ? draw(zero) : digits
  }
}
