import { createHash } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { utf8 } from '../core/bytes.ts'
import {
  ChainWriter,
  createLinkHasher,
  GENESIS_HASH,
  lastHash,
  nodeDigest,
  parseRecord,
  readLink,
} from './chain.ts'

const record = (seq: number): string => `{"seq":${seq},"timeMs":1,"kind":"system","action":"ä"}`

const text = (line: Uint8Array): string => new TextDecoder().decode(line)

describe('the chain', () => {
  test('hashes the 32 bytes of the previous hash and the record without its hash', () => {
    const writer = new ChainWriter(nodeDigest, 4096)
    const lines = [1, 2].map((seq) => text(writer.line(record(seq))))
    let previous = Buffer.from(GENESIS_HASH, 'hex')
    for (const [at, line] of lines.entries()) {
      const hash = createHash('sha256')
        .update(previous)
        .update(record(at + 1))
        .digest()
      expect(line).toBe(`${record(at + 1).slice(0, -1)},"hash":"${hash.toString('hex')}"}\n`)
      expect(lastHash(Buffer.from(line), Buffer.byteLength(line))).toBe(hash.toString('hex'))
      previous = hash
    }
  })

  test('reads place and hash of a line back, and computes the hash it must have', () => {
    const writer = new ChainWriter(nodeDigest, 4096)
    const line = utf8(text(writer.line(record(123_456_789))).trimEnd())
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

  test('gives lines of any length that the workbench has room for', () => {
    const writer = new ChainWriter(nodeDigest, 10_000)
    const bodies = [10, 9900, 3000, 11].map((length) => `{"seq":1,"x":"${'y'.repeat(length)}"}`)
    const lines = bodies.map((body) => text(writer.line(body)))
    const hashes = lines.map((line) => readLink(utf8(line.trimEnd()))?.hash ?? '')
    for (const [at, line] of lines.entries()) {
      expect(line.startsWith(bodies[at]!.slice(0, -1))).toBe(true)
      const before = hashes[at - 1] ?? GENESIS_HASH
      expect(createLinkHasher(nodeDigest)(before, utf8(line.trimEnd()))).toBe(hashes[at]!)
    }
  })
})
