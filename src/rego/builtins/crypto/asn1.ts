import { BuiltinError } from '../types.ts'

/** A piece of DER: its tag, its content and all its bytes (ITU-T X.690). */
export interface Element {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number
  readonly content: Uint8Array
  readonly raw: Uint8Array
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universal: 0x1c,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The identifier of a context-specific tag. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

function malformed(): BuiltinError {
  return new BuiltinError('x509: malformed certificate')
}

/** Reads the element at the start of the bytes. */
export function readElement(bytes: Uint8Array): Element {
  const tag = bytes[0]
  const first = bytes[1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw malformed()
  let length = first
  let start = 2
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4 || bytes.length < 2 + count) throw malformed()
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + bytes[2 + i]!
    start += count
  }
  if (start + length > bytes.length) throw malformed()
  return {
    tag,
    content: bytes.subarray(start, start + length),
    raw: bytes.subarray(0, start + length),
  }
}

/** Reads one element that fills the bytes and has the tag. */
export function readOnly(bytes: Uint8Array, tag: number): Element {
  const element = readElement(bytes)
  if (element.tag !== tag || element.raw.length !== bytes.length) throw malformed()
  return element
}

/** All elements that the bytes consist of. */
export function readAll(bytes: Uint8Array): Element[] {
  const elements: Element[] = []
  for (let rest = bytes; rest.length > 0;) {
    const element = readElement(rest)
    elements.push(element)
    rest = rest.subarray(element.raw.length)
  }
  return elements
}

/** Takes the elements of a sequence in turn; optional ones by their tag. */
export class ElementReader {
  readonly #elements: readonly Element[]
  #position = 0

  constructor(content: Uint8Array) {
    this.#elements = readAll(content)
  }

  /** The next element, which must have the given tag, if any. */
  next(tag?: number): Element {
    const element = this.#elements[this.#position++]
    if (element === undefined || (tag !== undefined && element.tag !== tag)) throw malformed()
    return element
  }

  optional(tag: number): Element | undefined {
    return this.#elements[this.#position]?.tag === tag
      ? this.#elements[this.#position++]
      : undefined
  }

  rest(): readonly Element[] {
    return this.#elements.slice(this.#position)
  }
}

/** An integer of any size, in two's complement. */
export function integerOf({ content }: Element): bigint {
  if (content.length === 0) throw malformed()
  const unsigned = content.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  return BigInt.asIntN(content.length * 8, unsigned)
}

/** The arcs of an object identifier. */
export function oidOf({ content }: Element): readonly number[] {
  const arcs: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(value / 40), 2)
      arcs.push(first, value - first * 40)
    } else arcs.push(value)
    value = 0
  }
  return arcs
}

/** The bytes of a bit string without unused bits. */
export function bitsOf({ content }: Element): Uint8Array {
  return content.subarray(1)
}

/** The text of any of the string types. */
export function textOf({ tag, content }: Element): string {
  if (tag === TAG.bmp) {
    const units = Array.from(
      { length: content.length >> 1 },
      (_, i) => (content[2 * i]! << 8) | content[2 * i + 1]!,
    )
    return String.fromCharCode(...units)
  }
  if (tag === TAG.teletex) return new TextDecoder('latin1').decode(content)
  return new TextDecoder().decode(content)
}

/** A time as RFC 3339 text. */
export function timeOf({ tag, content }: Element): string {
  const text = new TextDecoder().decode(content)
  const match = /^(\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(text)
  if (match === null) throw malformed()
  const digits = text.slice(0, -1)
  const year =
    tag === TAG.generalizedTime
      ? digits.slice(0, 4)
      : (Number(digits.slice(0, 2)) >= 50 ? '19' : '20') + digits.slice(0, 2)
  const [month, day, hour, minute, second = '00'] =
    digits.slice(tag === TAG.generalizedTime ? 4 : 2).match(/\d\d/g) ?? []
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}
