import { describe, expect, test } from 'bun:test'
import { systemRandom } from '../../core/random.ts'
import { createBoundedHasher } from './bounded-hasher.ts'
import { createPasswordHasher } from './password-hasher.ts'
import { passwordProblem } from './password-rules.ts'

const cheap = createPasswordHasher({ memoryKiB: 64, passes: 1 }, systemRandom)

describe('a password hash', () => {
  test('is Argon2id in PHC form, salted, and verified by another implementation', async () => {
    const hasher = createPasswordHasher({ memoryKiB: 19_456, passes: 2 }, systemRandom)
    const encoded = await hasher.hash('correct horse')
    expect(encoded).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    )
    expect(await Bun.password.verify('correct horse', encoded)).toBe(true)
    expect(await hasher.hash('correct horse')).not.toBe(encoded)
  })

  test('made by another implementation is verified here', async () => {
    const options = { algorithm: 'argon2id', memoryCost: 64, timeCost: 1 } as const
    const encoded = await Bun.password.hash('correct horse', options)
    expect(await cheap.verify('correct horse', encoded)).toBe(true)
    expect(await cheap.verify('correct horsf', encoded)).toBe(false)
  })

  test('made by scrypt is verified too, and is due for rehashing', async () => {
    // RFC 7914 by OpenSSL: N = 2^17, r = 8, p = 1, salt "0123456789abcdef"
    const { scryptSync } = await import('node:crypto')
    const salt = Buffer.from('0123456789abcdef')
    const key = scryptSync('pw', salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 })
    const [salt64, key64] = [salt, key].map((b) => b.toString('base64').replaceAll('=', ''))
    const encoded = `$scrypt$ln=17,r=8,p=1$${salt64}$${key64}`
    expect(await cheap.verify('pw', encoded)).toBe(true)
    expect(await cheap.verify('pW', encoded)).toBe(false)
    expect(cheap.needsRehash(encoded)).toBe(true)
  })

  test('in no known form verifies nothing', async () => {
    const hash = 'A'.repeat(43)
    const forms = ['', 'x', `$argon2i$v=19$m=64,t=1,p=1$AAAAAAAA$${hash}`, `$md5$AAAAAAAA$${hash}`]
    for (const form of forms) expect(await cheap.verify('x', form)).toBe(false)
  })

  test('sees every character of a long password', async () => {
    const long = 'x'.repeat(1023)
    const encoded = await cheap.hash(`${long}a`)
    expect(await cheap.verify(`${long}b`, encoded)).toBe(false)
    expect(await cheap.verify(`${long}a`, encoded)).toBe(true)
  })
})

describe('a new password', () => {
  const refused = [
    'short',
    'password',
    'Password1',
    'P@ssw0rd!',
    'passw0rd123',
    'qwertyuiop',
    '123456789',
    '87654321',
    'abcdefgh',
    'aaaaaaaaaaaa',
    'abcabcabc',
    'Summer2026!',
    'letmein123',
    '20260101',
    'ada.lovelace',
    'ada.lovelace1',
    'x'.repeat(1025),
  ]
  for (const password of refused) {
    test(`is refused: ${password.slice(0, 20)}`, () => {
      expect(passwordProblem(password, 'ada.lovelace@example.com', 8)).toBeString()
    })
  }
  const accepted = [
    'violet-harbor-42',
    'tr0ub4dor&3x',
    'Grüße aus Köln',
    'x9$Kq!27',
    '密码密码长长长长',
  ]
  for (const password of [...accepted, `${'lorem ipsum '.repeat(20)}end`]) {
    test(`is accepted: ${password.slice(0, 20)}`, () => {
      expect(passwordProblem(password, 'ada.lovelace@example.com', 8)).toBeUndefined()
    })
  }
})

test('a hash that failed once is no reason to fail every login of nobody from then on', async () => {
  let failures = 1
  const weak = {
    ...cheap,
    hash: async (password: string) => {
      if (failures-- > 0) throw new Error('no memory')
      return cheap.hash(password)
    },
  }
  const bounded = createBoundedHasher(weak, 2, 5)
  expect(await bounded.verify('p', null).catch((error: Error) => error.message)).toBe('no memory')
  expect(await bounded.verify('p', null)).toBe(false)
})

test('a bounded hasher works on no more passwords at once than it may', async () => {
  let running = 0
  let most = 0
  const slow = {
    ...cheap,
    hash: async (password: string) => {
      most = Math.max(most, ++running)
      const encoded = await cheap.hash(password)
      running--
      return encoded
    },
  }
  const bounded = createBoundedHasher(slow, 2, 5)
  const hashes = await Promise.all(Array.from({ length: 10 }, (_, at) => bounded.hash(`p${at}`)))
  expect(most).toBe(2)
  expect(hashes.filter((each) => each === undefined)).toHaveLength(3)
})
