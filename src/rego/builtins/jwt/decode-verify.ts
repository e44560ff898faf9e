import { createSecretKey } from 'node:crypto'
import {
  compareNumbers,
  isArray,
  isNumber,
  jsonKey,
  objectGet,
  RObj,
  sortedEntries,
  toDouble,
} from '../../values/index.ts'
import type { PlainObject, Value } from '../../values/index.ts'
import { objectOperand, stringOperand } from '../operands.ts'
import { querySeconds } from '../time/now.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinContext } from '../types.ts'
import { ALGORITHMS, verifySignature } from './algorithms.ts'
import type { VerificationKey } from './keys.ts'
import {
  decodeHeader,
  decodePart,
  decodeSegment,
  jsonObject,
  parseHeader,
  signedBytes,
  splitToken,
} from './token.ts'
import { tokensOf } from './token-cache.ts'
import type { TokenCache } from './token-cache.ts'
import type { Header, Token } from './token.ts'

type Obj = PlainObject | RObj

interface Constraints {
  keys: readonly VerificationKey[] | undefined
  secret: string
  /** The text of the keys, or the secret. */
  keyText: string
  algorithm: string
  issuer: string
  audience: string
  /** Nanoseconds since 1970; absent: the time of the query. */
  time: Value | undefined
}

const UNVERIFIED: Value = [false, {}, {}]
const NESTING_MAX = 8
const TEXTS: Readonly<Record<string, 'secret' | 'algorithm' | 'issuer' | 'audience'>> = {
  secret: 'secret',
  alg: 'algorithm',
  iss: 'issuer',
  aud: 'audience',
}

/**
 * Decodes a token and checks signature and claims: `[true, header, payload]`, or `[false, {}, {}]`.
 * @throws BuiltinError for text that is not a token, and for contradictory constraints.
 */
export function decodeVerify(context: BuiltinContext, args: readonly Value[]): Value {
  const tokens = tokensOf(context)
  const constraints = readConstraints(objectOperand(args, 1), tokens)
  const { keyText, algorithm } = constraints
  const purpose = `${constraints.keys === undefined ? 'secret' : 'keys'} ${algorithm}`
  let text = stringOperand(args, 0)
  for (let depth = 0; depth < NESTING_MAX; depth++) {
    const token = tokens.verified(purpose, text, keyText, () => verified(text, constraints))
    if (token === undefined) return UNVERIFIED
    const { header, payload } = token
    if (typeof payload !== 'string') {
      return claimsHold(payload, constraints, context) ? [true, header, payload] : UNVERIFIED
    }
    text = payload
  }
  throw new BuiltinError('JWT is nested too deeply')
}

/** A token with a valid signature: its claims, or the token within it. */
interface Verified {
  readonly header: Obj
  readonly payload: Obj | string
}

function verified(text: string, constraints: Constraints): Verified | undefined {
  const token = splitToken(text)
  const header = parseHeader(decodeHeader(token))
  const expected = constraints.algorithm === '' || constraints.algorithm === header.algorithm
  if (!header.valid || !expected || !isSigned(token, header, constraints)) return undefined
  const payloadText = decodePart('payload', token.payload)
  const isNested = header.contentType.toUpperCase() === 'JWT'
  return { header: header.fields, payload: isNested ? payloadText : jsonObject(payloadText) }
}

/** Reads the constraints. If several are wrong, the error is about the first in Rego's order. */
function readConstraints(object: Obj, tokens: TokenCache): Constraints {
  if (object instanceof RObj) return readEntries(object.entries(), tokens)
  try {
    return readEntries(Object.entries(object), tokens)
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error
    return readEntries(sortedEntries(object), tokens)
  }
}

function readEntries(
  entries: readonly (readonly [Value, Value])[],
  tokens: TokenCache,
): Constraints {
  const constraints: Constraints = {
    keys: undefined,
    secret: '',
    keyText: '',
    algorithm: '',
    issuer: '',
    audience: '',
    time: undefined,
  }
  for (const [name, value] of entries) readConstraint(constraints, jsonKey(name), value, tokens)
  const count = (constraints.keys === undefined ? 0 : 1) + (constraints.secret === '' ? 0 : 1)
  if (count > 1) throw new BuiltinError('duplicate key constraints')
  if (count < 1) throw new BuiltinError('no key constraint')
  return constraints
}

function readConstraint(
  constraints: Constraints,
  name: string,
  value: Value,
  tokens: TokenCache,
): void {
  const field = Object.hasOwn(TEXTS, name) ? TEXTS[name] : undefined
  if (field === undefined && name !== 'cert' && name !== 'time') {
    throw new BuiltinError(`unknown token validation constraint: ${name}`)
  }
  if (name === 'time') {
    timeOf(value)
    constraints.time = value
  } else if (typeof value !== 'string')
    throw new BuiltinError(`${name} constraint: must be a string`)
  else if (field === undefined) {
    constraints.keys = tokens.keys(value)
    constraints.keyText = value
  } else {
    constraints[field] = value
    if (field === 'secret') constraints.keyText = value
  }
}

function timeOf(value: Value): number {
  if (!isNumber(value)) throw new BuiltinError('token time constraint: must be a number')
  const nanoseconds = toDouble(value)
  if (nanoseconds < 0) throw new BuiltinError('token time constraint: must not be negative')
  return nanoseconds / 1e9
}

function isSigned(token: Token, header: Header, { keys, secret }: Constraints): boolean {
  const signature = decodeSegment(token.signature)
  const algorithm = ALGORITHMS.get(header.algorithm)
  if (algorithm === undefined) return false
  const data = signedBytes(token)
  if (keys === undefined)
    return verifySignature(algorithm, createSecretKey(Buffer.from(secret)), data, signature)
  const named = header.keyId === '' ? undefined : keys.find(({ id }) => id === header.keyId)
  if (named !== undefined) return verifySignature(algorithm, named.key, data, signature)
  return keys.some(
    (candidate) =>
      (candidate.algorithm === '' || candidate.algorithm === header.algorithm) &&
      verifySignature(algorithm, candidate.key, data, signature),
  )
}

/** Checks the registered claims (RFC 7519, 4.1) against the constraints. */
function claimsHold(
  payload: Obj,
  { issuer, audience, ...constraints }: Constraints,
  context: BuiltinContext,
): boolean {
  if (issuer !== '' && objectGet(payload, 'iss') !== issuer) return false
  const aud = objectGet(payload, 'aud')
  if (aud === undefined ? audience !== '' : !isFor(aud, audience)) return false
  const expires = numericClaim(payload, 'exp')
  const notBefore = numericClaim(payload, 'nbf')
  if (expires === undefined && notBefore === undefined) return true
  const time = constraints.time === undefined ? querySeconds(context) : timeOf(constraints.time)
  if (expires !== undefined && compareNumbers(time, expires) >= 0) return false
  return notBefore === undefined || compareNumbers(time, notBefore) >= 0
}

function isFor(aud: Value, audience: string): boolean {
  return aud === audience || (isArray(aud) && aud.includes(audience))
}

function numericClaim(payload: Obj, name: string): ReturnType<typeof toNumber> {
  const value = objectGet(payload, name)
  return value === undefined ? undefined : toNumber(name, value)
}

function toNumber(name: string, value: Value) {
  if (!isNumber(value)) throw new BuiltinError(`${name} value must be a number`)
  return value as typeof value | undefined
}
