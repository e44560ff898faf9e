import { describe, expect, test } from 'bun:test'
import { assert, property, string } from 'fast-check'
import { clientScheme, createClientAddress, createTrustedPeers } from './client-address.ts'

const TRUSTED = ['10.0.0.0/8', 'fd00::/8']
const xff = (value: string): Headers => new Headers({ 'x-forwarded-for': value })
const forwarded = (value: string): Headers => new Headers({ forwarded: value })

describe('the client address', () => {
  test('is the peer when nobody is trusted, whatever the headers say', () => {
    const find = createClientAddress([])
    expect(find('10.0.0.1', xff('198.51.100.7'))).toBe('10.0.0.1')
  })

  test('is the peer when the peer is not a trusted proxy', () => {
    const find = createClientAddress(TRUSTED)
    expect(find('203.0.113.9', xff('198.51.100.7'))).toBe('203.0.113.9')
  })

  test.each([
    ['one proxy', '198.51.100.7', '198.51.100.7'],
    ['several trusted proxies', '198.51.100.7, 10.1.1.1, 10.2.2.2', '198.51.100.7'],
    ['a lie to the left', '1.2.3.4, 198.51.100.7, 10.1.1.1', '198.51.100.7'],
    ['a lie that claims to be trusted', '10.9.9.9, 198.51.100.7', '198.51.100.7'],
    ['a port', '198.51.100.7:4711', '198.51.100.7'],
    ['IPv6', '2001:DB8:0::1', '2001:db8::1'],
    ['IPv6 with port', '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv4 in IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['an unknown client', 'unknown, 10.1.1.1', '10.1.1.1'],
    ['an obfuscated client', '_hidden', '10.0.0.1'],
    ['a shortened address', '127.1', '10.0.0.1'],
    ['an octal address', '010.010.010.010', '10.0.0.1'],
    ['garbage', '"><script>', '10.0.0.1'],
    ['only trusted hops', '10.3.3.3, 10.1.1.1', '10.3.3.3'],
    ['an empty entry', '198.51.100.7, ', '10.0.0.1'],
  ])('X-Forwarded-For with %s', (_name, value, expected) => {
    expect(createClientAddress(TRUSTED)('10.0.0.1', xff(value))).toBe(expected)
  })

  test.each([
    ['for=198.51.100.7;proto=https;by=10.0.0.2', '198.51.100.7'],
    ['for=1.2.3.4, for=198.51.100.7, for=10.1.1.1', '198.51.100.7'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="a,b;for=1.2.3.4", for=198.51.100.7', '198.51.100.7'],
    ['for=_secret, for=10.1.1.1', '10.1.1.1'],
    ['proto=https', '10.0.0.1'],
    ['for="198.51.100.7', '10.0.0.1'],
  ])('Forwarded: %s', (value, expected) => {
    const find = createClientAddress(TRUSTED, { header: 'forwarded' })
    expect(find('10.0.0.1', forwarded(value))).toBe(expected)
  })

  test('comes from the one header that is believed', () => {
    const headers = new Headers({ 'x-forwarded-for': '198.51.100.7', forwarded: 'for=1.2.3.4' })
    expect(createClientAddress(TRUSTED)('10.0.0.1', headers)).toBe('198.51.100.7')
  })

  test('is never what stands left of an untrusted hop', () => {
    const find = createClientAddress(TRUSTED)
    const text = string({ maxLength: 40 }).map((s) => s.replaceAll(/[^\x20-\x7e]/g, ''))
    assert(
      property(text, (lie) => {
        expect(find('10.0.0.1', xff(`${lie}, 198.51.100.7`))).toBe('198.51.100.7')
      }),
    )
  })
})

test('trusted peers are told from others, also when asked again', () => {
  const isTrusted = createTrustedPeers(TRUSTED)
  for (const _ of [1, 2]) {
    expect(isTrusted('10.1.2.3')).toBe(true)
    expect(isTrusted('::ffff:10.1.2.3')).toBe(true)
    expect(isTrusted('11.1.2.3')).toBe(false)
    expect(isTrusted('fd00::1')).toBe(true)
  }
})

test('the scheme is the nearest proxy’s word, and ours when it is nonsense', () => {
  expect(clientScheme(new Headers({ 'x-forwarded-proto': 'http, HTTPS' }), 'http')).toBe('https')
  expect(clientScheme(new Headers({ 'x-forwarded-proto': 'gopher' }), 'http')).toBe('http')
  expect(clientScheme(new Headers(), 'https')).toBe('https')
  expect(clientScheme(forwarded('for=1.2.3.4;proto=https'), 'http', 'forwarded')).toBe('https')
})
