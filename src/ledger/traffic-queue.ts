import type { AuditConfig } from './config.ts'
import type { IndexedFields } from './encode.ts'
import type { TrafficEntry } from './record.ts'
import { FAST_BYTES_MAX, TrafficEncoder } from './traffic-encoder.ts'

const BYTES_START = 2 * FAST_BYTES_MAX
/** Bytes that may wait for each record that may. */
const BYTES_PER_RECORD = 512

/**
 * Requests that wait to be written, encoded when they are taken in: their texts are at hand then, and
 * nothing of them is kept. Bounded by records and by bytes; a full queue refuses.
 */
export class TrafficQueue {
  readonly #encoder: TrafficEncoder
  readonly #records: number
  readonly #bytesMax: number
  #bytes: Buffer = Buffer.allocUnsafeSlow(BYTES_START)
  /** By record: where it ends in the bytes, and its index fields. */
  readonly #ends: Uint32Array
  readonly #timeMs: Float64Array
  readonly #hashes: Uint32Array
  #head = 0
  #tail = 0
  /** The bytes that wait lie from `#start` to `#end`. */
  #start = 0
  #end = 0

  constructor(config: AuditConfig) {
    const records = config.traffic.queue
    this.#encoder = new TrafficEncoder(config)
    this.#records = records
    this.#bytesMax = BYTES_START + records * BYTES_PER_RECORD
    this.#ends = new Uint32Array(records)
    this.#timeMs = new Float64Array(records)
    this.#hashes = new Uint32Array(records * HASHES)
  }

  /** Records that wait. */
  get length(): number {
    return this.#head - this.#tail
  }

  /** Takes one in; `false` when the queue is full. */
  push(entry: TrafficEntry): boolean {
    if (this.length === this.#records || !this.#reserve(FAST_BYTES_MAX)) return false
    const encoder = this.#encoder
    let end = encoder.encodeInto(entry, this.#bytes, this.#end)
    if (end < 0) {
      const text = encoder.encode(entry)
      if (!this.#reserve(3 * text.length)) return false
      end = this.#end + this.#bytes.write(text, this.#end)
    }
    this.#note(encoder.fields, end)
    return true
  }

  /** Bytes of the oldest record. */
  get firstBytes(): number {
    return this.#ends[this.#tail % this.#records]! - this.#start
  }

  /**
   * Writes the oldest record, but for its beginning (`recordStart`), into `target` from `at`, its index fields
   * into `fields`, and forgets it. Returns the end.
   */
  shift(target: Uint8Array, at: number, fields: IndexedFields): number {
    const record = this.#tail % this.#records
    const end = this.#ends[record]!
    const length = this.#bytes.copy(target, at, this.#start, end)
    fields.timeMs = this.#timeMs[record]!
    const hash = record * HASHES
    fields.tenant = this.#hashes[hash]!
    fields.actor = this.#hashes[hash + 1]!
    fields.action = this.#hashes[hash + 2]!
    fields.outcome = this.#hashes[hash + 3]!
    fields.request = this.#hashes[hash + 4]!
    this.#start = end
    this.#tail += 1
    if (this.#tail === this.#head) this.#rewind()
    return at + length
  }

  /** Drops all; returns how many there were. */
  clear(): number {
    const dropped = this.length
    this.#rewind()
    return dropped
  }

  #note(fields: Readonly<IndexedFields>, end: number): void {
    const record = this.#head % this.#records
    this.#ends[record] = end
    this.#timeMs[record] = fields.timeMs
    const hash = record * HASHES
    this.#hashes[hash] = fields.tenant
    this.#hashes[hash + 1] = fields.actor
    this.#hashes[hash + 2] = fields.action
    this.#hashes[hash + 3] = fields.outcome
    this.#hashes[hash + 4] = fields.request
    this.#end = end
    this.#head += 1
  }

  /** Makes room for so many bytes behind the newest record; `false` when there may not be so many. */
  #reserve(bytes: number): boolean {
    if (this.#end + bytes <= this.#bytes.length) return true
    const waiting = this.#end - this.#start
    if (waiting + bytes > this.#bytesMax) return false
    const room = 2 * (waiting + bytes)
    const target =
      room <= this.#bytes.length
        ? this.#bytes
        : Buffer.allocUnsafeSlow(Math.min(room, this.#bytesMax))
    this.#bytes.copy(target, 0, this.#start, this.#end)
    for (let at = this.#tail; at < this.#head; at++) {
      const record = at % this.#records
      this.#ends[record] = this.#ends[record]! - this.#start
    }
    this.#bytes = target
    this.#end = waiting
    this.#start = 0
    return true
  }

  /**
   * An empty queue starts over, so that the same few places are used again and again and stay in the
   * processor's cache. What a burst made it grow to is given back.
   */
  #rewind(): void {
    this.#head = 0
    this.#tail = 0
    this.#start = 0
    this.#end = 0
    if (this.#bytes.length > BYTES_KEPT_MAX) this.#bytes = Buffer.allocUnsafeSlow(BYTES_START)
  }
}

/** Hashes that the index keeps of a record. */
const HASHES = 5
const BYTES_KEPT_MAX = 1 << 21
