import { createHash } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { utf8 } from '../core/bytes.ts'
import {
  ChainWriter,
  createLinkHasher,
  GENESIS_HASH,
  nodeDigest,
  parseRecord,
  readLink,
} from './chain.ts'

const record = (seq: number): string => `{"seq":${seq},"timeMs":1,"kind":"system","action":"ä"}`

/** The lines of a writer, each without its line feed. */
const linesOf = ({ lines }: ChainWriter): readonly Uint8Array[] =>
  new TextDecoder()
    .decode(lines)
    .split('\n')
    .slice(0, -1)
    .map((line) => utf8(line))

describe('the chain', () => {
  test('hashes the 32 bytes of the previous hash and the record without its hash', () => {
    const writer = new ChainWriter(nodeDigest, 4096)
    const lengths = [1, 2].map((seq) => writer.line(record(seq)))
    const lines = linesOf(writer).map((line) => new TextDecoder().decode(line))
    expect(lines.map((line) => Buffer.byteLength(line) + 1)).toEqual(lengths)
    let previous = Buffer.from(GENESIS_HASH, 'hex')
    for (const [at, line] of lines.entries()) {
      const hash = createHash('sha256')
        .update(previous)
        .update(record(at + 1))
        .digest()
      expect(line).toBe(`${record(at + 1).slice(0, -1)},"hash":"${hash.toString('hex')}"}`)
      previous = hash
    }
  })

  test('reads place and hash of a line back, and computes the hash it must have', () => {
    const writer = new ChainWriter(nodeDigest, 4096)
    writer.line(record(123_456_789))
    const line = linesOf(writer)[0]!
    const link = readLink(line)
    expect(link?.seq).toBe(123_456_789)
    expect(createLinkHasher(nodeDigest)(GENESIS_HASH, line)).toBe(link?.hash ?? '')
    expect(parseRecord(line)).toMatchObject({ seq: 123_456_789, action: 'ä' })
  })

  test.each([
    '',
    '{}',
    '{"seq":1}',
    `{"seq":1,"hash":"${'g'.repeat(64)}"}`,
    `{"seq":x,"hash":"${'0'.repeat(64)}"}`,
    `{"sEq":1,"hash":"${'0'.repeat(64)}"}`,
    `{"seq":1,"hash":"${'0'.repeat(64)}"} `,
  ])('takes %p for no record', (line) => {
    expect(readLink(utf8(line))).toBeUndefined()
  })

  test('says when a record would not fit', () => {
    const writer = new ChainWriter(nodeDigest, 256)
    expect(writer.fits(100)).toBe(true)
    writer.line(record(1))
    expect(writer.fits(100)).toBe(false)
    writer.reset()
    expect(writer.fits(100)).toBe(true)
  })
})
