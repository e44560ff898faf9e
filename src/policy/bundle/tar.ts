import { BundleError } from './bundle-error.ts'

/** A file of an archive: its name as written there, and its bytes. */
export interface TarEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

const BLOCK = 512
const NAME_BYTES = 100
const FIELDS = { size: 124, checksum: 148, type: 156, magic: 257, prefix: 345 } as const
const MODE = 0o644

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/**
 * Reads the regular files of a tar archive (POSIX.1-1988 ustar, pax paths, long names of GNU tar); folders and links
 * are left out.
 *
 * @throws BundleError when the archive is truncated or a header is wrong.
 */
export function readTar(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = []
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) break
    checkHeader(header)
    const size = octal(header, FIELDS.size, 12)
    const from = at + BLOCK
    if (from + size > archive.length) throw new BundleError('the archive is truncated')
    const bytes = archive.subarray(from, from + size)
    at = from + Math.ceil(size / BLOCK) * BLOCK
    const type = String.fromCharCode(header[FIELDS.type] ?? 0)
    if (type === 'x') longName = paxPath(text(bytes)) ?? longName
    else if (type === 'L') longName = text(bytes).replace(/\0+$/, '')
    else if (type !== 'g') {
      if (type === '0' || type === '\0') entries.push({ name: longName ?? nameOf(header), bytes })
      longName = undefined
    }
  }
  return entries
}

/** Writes a tar archive; the same entries give the same bytes. */
export function writeTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const { name, bytes } of entries) {
    const encoded = encoder.encode(name)
    if (encoded.length > NAME_BYTES) {
      const record = paxRecord('path', name)
      parts.push(headerOf('PaxHeader', record.length, 'x'), padded(record))
    }
    const short = encoded.length > NAME_BYTES ? 'long-name' : name
    parts.push(headerOf(short, bytes.length, '0'), padded(bytes))
  }
  parts.push(new Uint8Array(2 * BLOCK))
  return Buffer.concat(parts)
}

function checkHeader(header: Uint8Array): void {
  let sum = 0
  for (const [index, byte] of header.entries()) {
    const inChecksum = index >= FIELDS.checksum && index < FIELDS.checksum + 8
    sum += inChecksum ? 0x20 : byte
  }
  if (sum !== octal(header, FIELDS.checksum, 8)) throw new BundleError('not a tar archive')
}

function octal(header: Uint8Array, at: number, length: number): number {
  const digits = field(header, at, length).trim()
  if (!/^[0-7]*$/.test(digits)) throw new BundleError('the archive has an invalid header')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function field(header: Uint8Array, at: number, length: number): string {
  const bytes = header.subarray(at, at + length)
  const end = bytes.indexOf(0)
  return text(end === -1 ? bytes : bytes.subarray(0, end))
}

function nameOf(header: Uint8Array): string {
  const name = field(header, 0, NAME_BYTES)
  const isUstar = field(header, FIELDS.magic, 5) === 'ustar'
  const prefix = isUstar ? field(header, FIELDS.prefix, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new BundleError('the archive has a name that is not UTF-8', { cause })
  }
}

function paxPath(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1]
}

/** A pax record begins with its own length in bytes, which includes the digits of that length. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`)
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length += 1
  return Buffer.concat([encoder.encode(String(length)), rest])
}

function headerOf(name: string, size: number, type: string): Uint8Array {
  const header = new Uint8Array(BLOCK)
  const put = (at: number, value: string): void => header.set(encoder.encode(value), at)
  const number = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  put(0, name)
  put(100, `${number(MODE, 7)}\0`)
  put(108, `${number(0, 7)}\0`)
  put(116, `${number(0, 7)}\0`)
  put(FIELDS.size, `${number(size, 11)}\0`)
  put(136, `${number(0, 11)}\0`)
  put(FIELDS.checksum, ' '.repeat(8))
  put(FIELDS.type, type)
  put(FIELDS.magic, 'ustar\u000000')
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(FIELDS.checksum, `${number(sum, 6)}\0 `)
  return header
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK)
  whole.set(bytes)
  return whole
}
