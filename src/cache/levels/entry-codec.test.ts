import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { utf8 } from '../../core/bytes.ts'
import { crc32c } from './crc32c.ts'
import { decodeEntry, encodeEntry } from './entry-codec.ts'
import type { EntryMeta } from '../contract.ts'

test('the checksum is CRC-32C', () => {
  // RFC 3720, appendix B.4
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e)
  expect(crc32c(utf8('123456789'))).toBe(0xe3069283)
  expect(crc32c(utf8('xx123456789y'), 2, 11)).toBe(0xe3069283)
})

const META: EntryMeta = {
  kind: 'list',
  tenant: 'acme',
  tags: ['a', 'b'],
  prefixes: [],
  createdMs: 1,
  freshUntilMs: 2,
  staleWhileRevalidateUntilMs: 3,
  staleIfErrorUntilMs: 4,
  expiresMs: 5,
  costMs: 6.5,
  isNegative: false,
}

describe('an encoded entry', () => {
  test('is decoded to what it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        fc.uint8Array(),
        (key, asOf, body) => {
          const encoded = encodeEntry({ key, asOf, entry: { meta: META, body } })
          expect(decodeEntry(encoded)).toEqual({ key, asOf, entry: { meta: META, body } })
        },
      ),
    )
  })

  test('with any byte changed, cut or added is nothing', () => {
    const body = utf8('the body')
    const encoded = encodeEntry({ key: 'key', asOf: '1', entry: { meta: META, body } })
    for (let at = 0; at < encoded.length; at += 1) {
      const damaged = Uint8Array.from(encoded)
      damaged[at] = damaged[at]! ^ 0x10
      expect(decodeEntry(damaged)).toBeUndefined()
      expect(decodeEntry(encoded.subarray(0, at))).toBeUndefined()
    }
    expect(decodeEntry(Uint8Array.from([...encoded, 0]))).toBeUndefined()
  })

  test('whose meta data are not those of an entry is nothing', () => {
    const wrong = [
      { ...META, expiresMs: 'soon' },
      { ...META, tags: [1] },
      { ...META, tenant: undefined },
      { ...META, policy: 1 },
      { ...META, dependsOn: 'tag' },
      { ...META, dependsOn: [null] },
      { ...META, dependsOn: [{ kind: 'tags', name: 'user 7' }] },
      { ...META, dependsOn: [{ kind: 'tag' }] },
      null,
      [],
    ]
    for (const meta of wrong) {
      const entry = { meta: meta as unknown as EntryMeta, body: new Uint8Array(0) }
      expect(decodeEntry(encodeEntry({ key: '', asOf: '', entry }))).toBeUndefined()
    }
  })
})
