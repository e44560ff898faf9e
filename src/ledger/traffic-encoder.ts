import type { AuditConfig } from './config.ts'
import type { IndexedFields } from './encode.ts'
import type { DetailWriter } from './redact.ts'
import type { TrafficEntry } from './record.ts'
import { utf8 } from '../core/bytes.ts'
import { maskCredentials } from '../core/mask.ts'
import { countUp, putBytes, putNumber, TextWriter } from './byte-writer.ts'
import { cleanPath, KIND_CODES, putRecordStart } from './encode.ts'
import type { ActorFragment, BodyFragment } from './fragments.ts'
import { createFragments } from './fragments.ts'
import { createDetailWriter } from './redact.ts'
import { hashText, quote } from './text.ts'

/** Longest record {@link TrafficEncoder.encodeInto} writes, in bytes. */
export const FAST_BYTES_MAX = 32_768

const RECORD_START_BYTES = utf8('{"seq":').length
const TIME = utf8(',"timeMs":')
const TENANT = utf8(',"kind":"traffic","tenantId":"')
const NO_TENANT = utf8(',"kind":"traffic"')
const ADDRESS = utf8('","address":"')
const DURATION = utf8('","durationUs":')
const QUOTE = 0x22
const BRACE = 0x7d
const NO_ACTOR: ActorFragment = { text: '', bytes: utf8('') }

/**
 * Writes requests as JSON: the common ones straight into bytes, the others as text. Both give the same bytes.
 *
 * A request is much like the one before. What of that still lies in the bytes, in its place, is left there: mostly
 * only numbers, the caller and the end of the request id are written.
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
  /** Where the record before lies, and what it is made of; the ends are those of what varies. */
  #isThere = false
  #bytes: Uint8Array | undefined
  #start = 0
  #seq = 0
  #seqEnd = 0
  #timeMs = 0
  #hasTenant = false
  #tenantAt = 0
  #tenantEnd = 0
  #actorKind = ''
  #actor: ActorFragment = NO_ACTOR
  #actorEnd = 0
  #body: BodyFragment | undefined
  #requestId = ''
  #requestAt = 0
  #requestHash = 0
  #requestEnd = 0
  #address = ''
  #durationAt = 0

  constructor(config: AuditConfig) {
    this.#writeDetails = createDetailWriter(config.details)
    this.#keepsPath = config.traffic.path === 'full'
    this.#keepsAddress = config.traffic.address === 'full'
  }

  /**
   * Writes a request into `bytes` from `start`, where {@link FAST_BYTES_MAX} bytes must be free. They must be as they
   * were after the request before, up to its last brace, or {@link TrafficEncoder.forget} be called. Returns the end,
   * or -1 when the request is not a common one: then use {@link TrafficEncoder.encode}.
   */
  encodeInto(entry: TrafficEntry, seq: number, bytes: Uint8Array, start: number): number {
    if (this.#isUncommon(entry)) return -1
    if (!this.#isThere || bytes !== this.#bytes || start !== this.#start) {
      this.forget()
      this.#bytes = bytes
      this.#start = start
    }
    // What fails halfway leaves nothing behind that could be gone on from.
    this.#isThere = false
    this.#putStart(bytes, seq, whole(entry.timeMs), entry.tenantId !== '')
    if (!this.#putCaller(bytes, entry) || !this.#putRequest(bytes, entry)) return -1
    if (!this.#putAddress(bytes, this.#keepsAddress ? entry.address : '')) return -1
    const end = putNumber(bytes, whole(entry.durationUs), this.#durationAt)
    bytes[end] = BRACE
    this.#isThere = true
    return end + 1
  }

  /** The bytes of the record before have been written to, or are no more. */
  forget(): void {
    this.#isThere = false
    this.#seqEnd = 0
    this.#tenantAt = 0
    this.#tenantEnd = 0
    this.#actorEnd = 0
    this.#requestEnd = 0
  }

  /** A request as text, whatever it holds, without `seq`: what follows `recordStart`. */
  encode(entry: TrafficEntry): string {
    this.forget()
    const { actorId, actorKind, details, target, tenantId } = entry
    const requestId = entry.requestId + entry.requestIdTail
    const hasActor = actorKind !== ''
    const body = this.#fragments.body(entry)
    const path = this.#keepsPath ? entry.path : ''
    const address = this.#keepsAddress ? entry.address : ''
    const detailText = details === undefined ? '' : this.#writeDetails(details)
    const timeMs = whole(entry.timeMs)
    Object.assign(this.fields, {
      timeMs,
      tenant: hashText(tenantId),
      actor: hasActor ? hashText(actorId) : 0,
      action: body.action,
      outcome: body.outcome,
      request: hashText(requestId),
    })
    return [
      `,"timeMs":${timeMs},"kind":"traffic"`,
      tenantId === '' ? '' : `,"tenantId":${quote(tenantId)}`,
      hasActor ? this.#fragments.actor(actorKind).text + quote(actorId).slice(1) : '',
      body.text,
      requestId === '' ? '' : `,"requestId":${quote(requestId)}`,
      address === '' ? '' : `,"address":${quote(address)}`,
      `,"durationUs":${whole(entry.durationUs)}`,
      target === '' ? '' : `,"target":${quote(maskCredentials(target))}`,
      path === '' ? '' : `,"path":${quote(cleanPath(path))}`,
      detailText === '' ? '' : `,"details":${detailText}`,
      '}',
    ].join('')
  }

  /** Sequence number, time and what stands before the tenant's id. */
  #putStart(bytes: Uint8Array, seq: number, timeMs: number, hasTenant: boolean): void {
    const { fields } = this
    const digitsAt = this.#start + RECORD_START_BYTES
    const isNext = this.#seqEnd > 0 && seq === this.#seq + 1
    this.#seq = seq
    if (!isNext || !countUp(bytes, digitsAt, this.#seqEnd)) {
      this.#seqEnd = putRecordStart(bytes, seq, this.#start)
      this.#tenantAt = 0
    }
    if (this.#tenantAt > 0 && timeMs === this.#timeMs && hasTenant === this.#hasTenant) return
    const timeEnd = putNumber(bytes, timeMs, putBytes(bytes, TIME, this.#seqEnd))
    this.#tenantAt = putBytes(bytes, hasTenant ? TENANT : NO_TENANT, timeEnd)
    this.#timeMs = timeMs
    this.#hasTenant = hasTenant
    fields.timeMs = timeMs
  }

  /** Tenant and actor; `false` when they are not plain. */
  #putCaller(bytes: Uint8Array, { tenantId, actorKind, actorId }: TrafficEntry): boolean {
    const { fields } = this
    const text = this.#text
    let tenantEnd = text.put(bytes, tenantId, this.#tenantAt)
    if (tenantEnd < 0) return false
    fields.tenant = text.hash
    if (this.#hasTenant) bytes[tenantEnd++] = QUOTE
    if (actorKind !== this.#actorKind) {
      this.#actorKind = actorKind
      this.#actor = this.#fragments.actor(actorKind)
      this.#tenantEnd = 0
    }
    if (tenantEnd !== this.#tenantEnd) putBytes(bytes, this.#actor.bytes, tenantEnd)
    this.#tenantEnd = tenantEnd
    const end = text.put(bytes, actorId, tenantEnd + this.#actor.bytes.length)
    if (end < 0) return false
    fields.actor = text.hash
    if (end !== this.#actorEnd) this.#body = undefined
    this.#actorEnd = end
    return true
  }

  /** What the route decides, and the request id; `false` when it is not plain. */
  #putRequest(bytes: Uint8Array, entry: TrafficEntry): boolean {
    const { fields } = this
    const text = this.#text
    const { requestId, requestIdTail } = entry
    const body = this.#fragments.body(entry)
    if (body !== this.#body || requestId !== this.#requestId) {
      this.#body = undefined
      if (body.bytes.length > FAST_BYTES_MAX / 2) return false
      const at = putBytes(bytes, body.bytes, this.#actorEnd)
      this.#requestAt = text.put(bytes, requestId, at)
      if (this.#requestAt < 0) return false
      this.#body = body
      this.#requestId = requestId
      this.#requestHash = text.hash
      fields.action = body.action
      fields.outcome = body.outcome
    }
    text.hash = this.#requestHash
    const end = text.putMore(bytes, requestIdTail, this.#requestAt)
    if (end < 0) return false
    fields.request = text.hash
    if (end !== this.#requestEnd) this.#durationAt = 0
    this.#requestEnd = end
    return true
  }

  /** The address, and what stands before the duration; `false` when it is not plain. */
  #putAddress(bytes: Uint8Array, address: string): boolean {
    if (this.#durationAt > 0 && address === this.#address) return true
    let end = this.#requestEnd
    if (address !== '') {
      end = this.#text.put(bytes, address, putBytes(bytes, ADDRESS, end))
      if (end < 0) return false
    }
    this.#address = address
    this.#durationAt = putBytes(bytes, DURATION, end)
    return true
  }

  #isUncommon({ target, details, actorKind, path, requestId }: TrafficEntry): boolean {
    return (
      target !== '' ||
      details !== undefined ||
      actorKind === '' ||
      requestId === '' ||
      (this.#keepsPath && path !== '')
    )
  }
}

/** A number that JSON can hold: whole, not negative. */
const whole = (value: number): number => (value >= 0 && value < 2 ** 53 ? Math.round(value) : 0)
