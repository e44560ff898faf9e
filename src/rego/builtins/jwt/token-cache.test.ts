import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { Value } from '../../values/index.ts'
import { BUILTINS } from '../index.ts'
import type { BuiltinContext } from '../index.ts'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(claims: object, secret: string): string {
  const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/** The context of a policy, including what it keeps from query to query, with a clock in seconds. */
function world() {
  let seconds = 1000
  const kept = new Map<string, unknown>()
  const context = (): BuiltinContext => ({
    nowNs: () => BigInt(seconds) * 1_000_000_000n,
    random: () => 0.5,
    randomBytes: (count) => new Uint8Array(count),
    memo: new Map(),
    kept,
  })
  return {
    call: (name: string, ...args: Value[]) => BUILTINS.get(name)?.call(context(), args),
    at(time: number) {
      seconds = time
    },
  }
}

describe('a token that was seen before', () => {
  const token = signed({ exp: 2000, nbf: 900, iss: 'i', aud: ['a'] }, 'right secret')
  const verify = (call: ReturnType<typeof world>['call'], more: object = {}): unknown => {
    const constraints = { secret: 'right secret', aud: 'a', ...more }
    return (call('io.jwt.decode_verify', token, constraints) as [boolean])[0]
  }

  test('expires, and is not good before its time', () => {
    const { call, at } = world()
    expect(verify(call)).toBe(true)
    at(1999)
    expect(verify(call)).toBe(true)
    at(2000)
    expect(verify(call)).toBe(false)
    at(899)
    expect(verify(call)).toBe(false)
    at(1000)
    expect(verify(call, { time: 3_000_000_000_000 })).toBe(false)
  })

  test('is checked against the constraints of each query', () => {
    const { call } = world()
    expect(verify(call)).toBe(true)
    expect(verify(call, { iss: 'other' })).toBe(false)
    expect(verify(call, { aud: 'other' })).toBe(false)
    expect(verify(call, { alg: 'HS512' })).toBe(false)
    expect(verify(call, { iss: 'i', alg: 'HS256' })).toBe(true)
  })

  test('is not good with another key, whichever came first', () => {
    const { call } = world()
    for (let round = 0; round < 2; round += 1) {
      expect(verify(call, { secret: 'wrong secret' })).toBe(false)
      expect(verify(call)).toBe(true)
      expect(call('io.jwt.verify_hs256', token, 'wrong secret')).toBe(false)
      expect(call('io.jwt.verify_hs256', token, 'right secret')).toBe(true)
      expect(call('io.jwt.verify_hs512', token, 'right secret')).toBe(false)
    }
  })

  test('is another one when a single character differs', () => {
    const { call } = world()
    const forged = `${token.slice(0, -4)}AAAA`
    expect(call('io.jwt.verify_hs256', token, 'right secret')).toBe(true)
    expect(call('io.jwt.verify_hs256', forged, 'right secret')).toBe(false)
    expect(call('io.jwt.decode', token)).not.toEqual(call('io.jwt.decode', forged))
    expect(call('io.jwt.decode', token)).toEqual(call('io.jwt.decode', token))
  })
})

test('tokens without number do not fill the memory', () => {
  const { call } = world()
  for (let n = 0; n < 2000; n += 1) {
    const token = signed({ n }, 'right secret')
    expect(call('io.jwt.verify_hs256', token, 'right secret')).toBe(true)
    expect((call('io.jwt.decode', token) as [unknown, { n: number }])[1].n).toBe(n)
  }
})
