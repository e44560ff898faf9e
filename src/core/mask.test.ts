import { describe, expect, test } from 'bun:test'
import { isSensitiveName, MASK, maskCredentials } from './mask.ts'

const SECRET = '0123456789abcdefABCDEF'

describe('masking credentials', () => {
  test.each([
    ['authorization: Bearer abc.def-ghi_jkl', `authorization: Bearer ${MASK}`],
    ['Basic dXNlcjpwYXNz', `Basic ${MASK}`],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end', `jwt ${MASK} end`],
    [`key tg_live_a1b2c3_${SECRET}`, `key tg_live_a1b2c3_${MASK}`],
    [`tg_live_a1b2c3_${SECRET}_f00d`, `tg_live_a1b2c3_${MASK}`],
    ['postgres://user:hunter2@db/x', `postgres://${MASK}@db/x`],
    ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', MASK],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc', MASK],
  ])('hides %p', (text, masked) => {
    expect(maskCredentials(text)).toBe(masked)
  })

  test.each([
    '',
    'GET /scene/7',
    'ten_0Uo3Xq8wZ1kLmN4pR7sT9v',
    'scene:read',
    'user@example.org asked',
  ])('leaves %p as it is', (text) => {
    expect(maskCredentials(text)).toBe(text)
  })

  test('takes time in proportion to the text, also for texts made to be slow', () => {
    for (const text of ['a_'.repeat(5000), `://${':'.repeat(10_000)}`, 'eyJ'.repeat(3000)]) {
      expect(maskCredentials(text).length).toBeLessThanOrEqual(text.length)
    }
  })
})

describe('names of secrets', () => {
  test.each([
    'password',
    'refreshToken',
    'x-api-key',
    'apiKey',
    'client_secret',
    'Set-Cookie',
    'secretHash',
  ])('%p is one', (name) => {
    expect(isSensitiveName(name)).toBe(true)
  })

  test.each(['tokenId', 'keyPrefix', 'name', 'configHash', 'secretsCount', 'keyId'])(
    '%p is none',
    (name) => {
      expect(isSensitiveName(name)).toBe(false)
    },
  )
})
