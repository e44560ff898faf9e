import * as nodeCrypto from 'node:crypto'
import { equalConstantTime, utf8 } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'

/** Hashes passwords slowly, in the PHC string format (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`). */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  /** Whether the password is the hashed one; also `false` for a hash of an unknown form. */
  verify(password: string, encoded: string): Promise<boolean>
  /** Whether the hash was made with different parameters from those of new hashes. */
  needsRehash(encoded: string): boolean
}

/** Cost parameters: memory in KiB and passes of Argon2id (RFC 9106). */
export interface PasswordCost {
  readonly memoryKiB: number
  readonly passes: number
}

interface Algorithm {
  /** Everything before the salt, with `$` at both ends: names the algorithm and cost. */
  head(cost: PasswordCost): string
  /** Derives a key with the cost that `head` names; `undefined` if `head` names another algorithm. */
  derive(password: string, salt: Uint8Array, head: string): Promise<Uint8Array> | undefined
}

const SALT_BYTES = 16
const HASH_BYTES = 32

type Finish = (error: Error | null | undefined, key: Uint8Array) => void

const promised = async (start: (finish: Finish) => void): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    start((error, key) => (error instanceof Error ? reject(error) : resolve(new Uint8Array(key))))
  })

const argon2id: Algorithm = {
  head: ({ memoryKiB, passes }) => `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$`,
  derive(password, salt, head) {
    const cost = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$$/.exec(head)
    if (cost === null) return undefined
    const [, memory, passes, parallelism] = cost.map(Number)
    const parameters = {
      message: utf8(password),
      nonce: salt,
      memory: memory ?? 0,
      passes: passes ?? 0,
      parallelism: parallelism ?? 1,
      tagLength: HASH_BYTES,
    }
    return promised((finish) => nodeCrypto.argon2('argon2id', parameters, finish))
  },
}

/** RFC 7914, for runtimes without Argon2 (Node before 24): N is 2 to the power `ln`, r = 8. */
const scrypt: Algorithm = {
  head: ({ memoryKiB }) => `$scrypt$ln=${Math.max(17, Math.ceil(Math.log2(memoryKiB)))},r=8,p=1$`,
  derive(password, salt, head) {
    const cost = /^\$scrypt\$ln=(1\d|20),r=8,p=1\$$/.exec(head)
    if (cost === null) return undefined
    const N = 2 ** Number(cost[1])
    const options = { N, r: 8, p: 1, maxmem: 2 * 128 * 8 * N }
    return promised((finish) => nodeCrypto.scrypt(password, salt, HASH_BYTES, options, finish))
  },
}

const encode = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('base64').replaceAll('=', '')

/**
 * Creates the default {@link PasswordHasher}: Argon2id if the runtime has it, otherwise scrypt; hashes of either kind
 * are verified if the runtime has their algorithm.
 */
export function createPasswordHasher(cost: PasswordCost, random: Random): PasswordHasher {
  const hasArgon2 = typeof nodeCrypto.argon2 === 'function'
  const algorithms = hasArgon2 ? [argon2id, scrypt] : [scrypt]
  const preferred = hasArgon2 ? argon2id : scrypt
  const head = preferred.head(cost)
  return {
    async hash(password) {
      const salt = random.bytes(SALT_BYTES)
      const key = await preferred.derive(password, salt, head)
      if (key === undefined) throw new RangeError(`password cost out of range: ${head}`)
      return `${head}${encode(salt)}$${encode(key)}`
    },
    async verify(password, encoded) {
      const parts = /^(\$.+\$)([A-Za-z0-9+/]{8,64})\$([A-Za-z0-9+/]{43})$/.exec(encoded)
      const [, headText = '', salt = '', hash = ''] = parts ?? []
      if (parts === null) return false
      for (const algorithm of algorithms) {
        const key = algorithm.derive(password, Buffer.from(salt, 'base64'), headText)
        if (key !== undefined) return equalConstantTime(await key, Buffer.from(hash, 'base64'))
      }
      return false
    },
    needsRehash: (encoded) => !encoded.startsWith(head),
  }
}
