import { describe, expect, test } from 'bun:test'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { createSeededRandom, systemRandom } from '../../core/random.ts'
import { crc32Finish, crc32State } from './crc32.ts'
import { CREDENTIAL_SORTS, createCredentialFormat } from './format.ts'

const format = createCredentialFormat('tg', new Uint8Array(32))

test('the checksum is CRC-32 as in gzip', () => {
  expect(crc32Finish(crc32State('123456789'))).toBe(0xcbf43926)
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      expect(crc32Finish(crc32State(text))).toBe(crc32(text))
    }),
  )
})

describe('a credential', () => {
  for (const sort of CREDENTIAL_SORTS) {
    const { text, publicId } = format.make(sort, systemRandom)

    test(`of sort ${sort} is recognized, with its id`, () => {
      const head = format.scan(text)
      expect(head?.sort).toBe(sort)
      expect(head && format.publicId(text, head)).toBe(publicId)
      expect(text.startsWith(format.start(sort, publicId))).toBe(true)
    })

    test(`of sort ${sort} is found by secret scanners within other text`, () => {
      expect(`export KEY="${text}" # x`.match(format.pattern(sort))?.[0]).toBe(text)
    })
  }

  test('holds at least 160 random bits', () => {
    expect(30 * Math.log2(62)).toBeGreaterThan(160)
    const secrets = Array.from({ length: 500 }, () => format.make('live', systemRandom).text)
    expect(new Set(secrets).size).toBe(500)
  })

  test('with any one character changed is junk', () => {
    const { text } = format.make('live', createSeededRandom(7))
    for (let at = 0; at < text.length; at++) {
      for (const other of ['0', 'z', '_', '-', 'é', '\u0100', '']) {
        const changed = text.slice(0, at) + other + text.slice(at + 1)
        if (changed !== text) expect(format.scan(changed)).toBeUndefined()
      }
    }
  })

  test('of another prefix, sort or length is junk', () => {
    const { text } = format.make('live', systemRandom)
    const foreign = createCredentialFormat('xy', new Uint8Array(32)).make('live', systemRandom).text
    const wrong = [
      '',
      'tg',
      'tg_live_',
      foreign,
      text.replace('live', 'test'),
      `${text}0`,
      ` ${text}`,
    ]
    for (const each of wrong) expect(format.scan(each)).toBeUndefined()
  })
})

test('arbitrary text is junk, and never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ minLength: 56, maxLength: 56 })), (text) => {
      expect(format.scan(text)).toBeUndefined()
      expect(format.scan(`tg_live_${text}`)).toBeUndefined()
    }),
  )
})
