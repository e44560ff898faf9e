import type { Value } from '../../values/index.ts'
import { boundedCache } from '../bounded-cache.ts'
import type { BuiltinContext } from '../types.ts'
import { verificationKeys } from './keys.ts'
import type { VerificationKey } from './keys.ts'

/**
 * Remembers tokens by their exact text: decoding a token, and checking its signature with a key, gives the same result
 * each time. Nothing that depends on the time is remembered.
 */
export interface TokenCache {
  /** The result of `decode` for a token. */
  decoded(text: string, decode: (text: string) => Value): Value
  /** The result of `verify` for a token and a key; remembered only if it is not `undefined`. */
  verified<T>(
    purpose: string,
    text: string,
    keyText: string,
    verify: () => T | undefined,
  ): T | undefined
  /** The keys of a certificate, a public key or a set of JSON Web Keys. */
  keys(text: string): readonly VerificationKey[]
}

const TOKENS_MAX = 512
const KEYS_MAX = 32
/** Longer tokens are not remembered, so that strangers cannot fill the memory. */
const TOKEN_CHARACTERS_MAX = 4096

interface Verified {
  readonly purpose: string
  readonly keyText: string
  readonly value: unknown
}

/** The tokens that a policy has seen. */
export function tokensOf({ kept }: BuiltinContext): TokenCache {
  const known = kept?.get('tokens') as TokenCache | undefined
  if (known !== undefined) return known
  const tokens = createTokenCache()
  kept?.set('tokens', tokens)
  return tokens
}

function createTokenCache(): TokenCache {
  const decodedTokens = new Map<string, Value>()
  const verifiedTokens = new Map<string, Verified>()
  return {
    decoded(text, decode) {
      const known = decodedTokens.get(text)
      if (known !== undefined) return known
      const value = decode(text)
      keep(decodedTokens, text, value)
      return value
    },
    verified<T>(purpose: string, text: string, keyText: string, verify: () => T | undefined) {
      const known = verifiedTokens.get(text)
      if (known !== undefined && known.purpose === purpose && known.keyText === keyText) {
        return known.value as T
      }
      const value = verify()
      if (value !== undefined) keep(verifiedTokens, text, { purpose, keyText, value })
      return value
    },
    keys: boundedCache(KEYS_MAX, verificationKeys),
  }
}

/** Keeps a token; the oldest one is removed to make room. */
function keep<T>(tokens: Map<string, T>, text: string, value: T): void {
  if (text.length > TOKEN_CHARACTERS_MAX) return
  if (tokens.size >= TOKENS_MAX) {
    const [oldest] = tokens.keys()
    if (oldest !== undefined) tokens.delete(oldest)
  }
  tokens.set(text, value)
}
