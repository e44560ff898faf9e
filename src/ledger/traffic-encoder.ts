import type { AuditConfig } from './config.ts'
import type { IndexedFields } from './encode.ts'
import type { DetailWriter } from './redact.ts'
import type { TrafficRing } from './traffic-ring.ts'
import { utf8 } from '../core/bytes.ts'
import { maskCredentials } from '../core/mask.ts'
import { putBytes, putNumber, TextWriter } from './byte-writer.ts'
import { cleanPath, KIND_CODES, recordStart } from './encode.ts'
import { createFragments } from './fragments.ts'
import { createDetailWriter } from './redact.ts'
import { hashText, quote } from './text.ts'

/** Longest record {@link TrafficEncoder.encodeInto} writes, in bytes. */
export const FAST_BYTES_MAX = 32_768

const SEQ = utf8('{"seq":')
const REQUEST = utf8(',"requestId":"')
const ADDRESS = utf8('","address":"')
const DURATION = utf8('","durationUs":')
const BRACE = 0x7d

/**
 * Writes requests as JSON without `hash`: the common ones straight into bytes, from fragments made
 * once for each route and tenant; the others as text. Both give the same bytes.
 */
export class TrafficEncoder {
  /** Index fields of the request encoded last. */
  readonly fields: IndexedFields = {
    kind: KIND_CODES.traffic,
    timeMs: 0,
    tenant: 0,
    actor: 0,
    action: 0,
    outcome: 0,
    request: 0,
  }
  readonly #fragments = createFragments()
  readonly #text = new TextWriter()
  readonly #writeDetails: DetailWriter
  readonly #keepsPath: boolean
  readonly #keepsAddress: boolean
  #timeMs = Number.NaN
  #time = utf8('')

  constructor(config: AuditConfig) {
    this.#writeDetails = createDetailWriter(config.details)
    this.#keepsPath = config.traffic.path === 'full'
    this.#keepsAddress = config.traffic.address === 'full'
  }

  /**
   * Writes request `at` of the ring into `bytes` from `start`, where {@link FAST_BYTES_MAX} bytes must
   * be free. Returns the end, or -1 when the request is not a common one: then use
   * {@link TrafficEncoder.encode}.
   */
  encodeInto(ring: TrafficRing, at: number, seq: number, bytes: Uint8Array, start: number): number {
    const { fields } = this
    const text = this.#text
    const requestId = ring.requestId[at]!
    if (this.#isUncommon(ring, at) || requestId === '') return -1
    const head = this.#fragments.head(ring.tenantId[at]!, ring.actorKind[at]!)
    const body = this.#fragments.body(ring, at)
    if (head.bytes.length + body.bytes.length > FAST_BYTES_MAX / 2) return -1
    let end = putNumber(bytes, seq, putBytes(bytes, SEQ, start))
    end = putBytes(bytes, this.#timeOf(ring.timeMs[at]!), end)
    end = text.put(bytes, ring.actorId[at]!, putBytes(bytes, head.bytes, end))
    if (end < 0) return -1
    fields.actor = text.hash
    end = putBytes(bytes, body.bytes, end)
    end = text.put(bytes, requestId, putBytes(bytes, REQUEST, end))
    if (end < 0) return -1
    fields.request = text.hash
    const address = this.#keepsAddress ? ring.address[at]! : ''
    if (address !== '') {
      end = text.put(bytes, address, putBytes(bytes, ADDRESS, end))
      if (end < 0) return -1
    }
    end = putNumber(bytes, whole(ring.durationUs[at]!), putBytes(bytes, DURATION, end))
    bytes[end] = BRACE
    fields.timeMs = this.#timeMs
    fields.tenant = head.tenant
    fields.action = body.action
    fields.outcome = body.outcome
    return end + 1
  }

  /** Request `at` of the ring as text, whatever it holds. */
  encode(ring: TrafficRing, at: number, seq: number): string {
    const actorId = ring.actorId[at]!
    const requestId = ring.requestId[at]!
    const hasActor = ring.actorKind[at] !== ''
    const head = this.#fragments.head(ring.tenantId[at]!, ring.actorKind[at]!)
    const body = this.#fragments.body(ring, at)
    const target = ring.target[at]!
    const path = this.#keepsPath ? ring.path[at]! : ''
    const address = this.#keepsAddress ? ring.address[at]! : ''
    const details = ring.details[at]
    const detailText = details === undefined ? '' : this.#writeDetails(details)
    const timeMs = whole(ring.timeMs[at]!)
    Object.assign(this.fields, {
      timeMs,
      tenant: head.tenant,
      actor: hasActor ? hashText(actorId) : 0,
      action: body.action,
      outcome: body.outcome,
      request: hashText(requestId),
    })
    return [
      recordStart(seq),
      `,"timeMs":${timeMs}`,
      hasActor ? head.text + quote(actorId).slice(1) : head.text,
      body.text,
      requestId === '' ? '' : `,"requestId":${quote(requestId)}`,
      address === '' ? '' : `,"address":${quote(address)}`,
      `,"durationUs":${whole(ring.durationUs[at]!)}`,
      target === '' ? '' : `,"target":${quote(maskCredentials(target))}`,
      path === '' ? '' : `,"path":${quote(cleanPath(path))}`,
      detailText === '' ? '' : `,"details":${detailText}`,
      '}',
    ].join('')
  }

  #isUncommon(ring: TrafficRing, at: number): boolean {
    return (
      ring.target[at] !== '' ||
      ring.details[at] !== undefined ||
      ring.actorKind[at] === '' ||
      (this.#keepsPath && ring.path[at] !== '')
    )
  }

  #timeOf(timeMs: number): Uint8Array {
    if (timeMs !== this.#timeMs) {
      this.#timeMs = whole(timeMs)
      this.#time = utf8(`,"timeMs":${this.#timeMs}`)
    }
    return this.#time
  }
}

/** A number that JSON can hold: whole, not negative. */
const whole = (value: number): number => (value >= 0 && value < 2 ** 53 ? Math.round(value) : 0)
