import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { canonicalizePath, decodeSegment } from './canonical-path.ts'

describe('canonical paths', () => {
  test.each([
    ['/', '/'],
    ['/scene', '/scene'],
    ['/scene/', '/scene/'],
    ['/a/b.json', '/a/b.json'],
    ['/%7Euser/%41', '/~user/A'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/100%25', '/100%25'],
    ['/...', '/...'],
    ['/.well-known/x', '/.well-known/x'],
  ])('%p reads as %p', (raw, path) => {
    expect(canonicalizePath(raw)).toEqual({ ok: true, path })
  })

  test.each([
    '',
    'scene',
    '//',
    '//evil.example/a',
    '/a//b',
    '/a/../b',
    '/a/./b',
    '/..',
    '/a/%2e%2e/b',
    '/a/%2E./b',
    '/a/..;/b',
    '/a/.;x/b',
    '/a/..%3b/b',
    '/a/%2e%2e%3Bx/b',
    '/a/.%3b',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a%00b',
    '/a%0d%0aset-cookie:x',
    '/a%252e%252e/b',
    '/a%252fb',
    '/a%zz',
    '/a%',
    '/a%4',
    '/a%c0%afb',
    '/a%ff',
    '/caf\u00e9',
    '/a b',
    '/a"b',
    '/a?b',
    '/\uFFFD',
  ])('%p is refused', (raw) => {
    expect(canonicalizePath(raw).ok).toBe(false)
  })

  test('canonicalizing twice changes nothing, and the result never has a dot segment', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '.',
      '..',
      '/',
      '%2e',
      '%2F',
      '%41',
      '%25',
      '%',
      ';',
      '%3b',
      '~',
      '%c3%a9',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const first = canonicalizePath(`/${pieces.join('')}`)
        if (!first.ok) return
        expect(canonicalizePath(first.path)).toEqual(first)
        const segments = decodeURIComponent(first.path).split('/')
        // Some servers take what follows a semicolon away (RFC 3986 §3.3), and read dots after that.
        const bare = new Set(segments.map((segment) => segment.replace(/;.*$/, '')))
        expect(bare.has('..') || bare.has('.')).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['/a;v=1/b', '/a;v=1/b', '/a/b'],
    ['/a/b;', '/a/b;', '/a/b'],
    ['/a%3bx/%3b/b', '/a%3Bx/%3B/b', '/a/b'],
    ['/;x/a', '/;x/a', '/a'],
    ['/;', '/;', '/'],
  ])('%p reads as %p, and without parameters as %p', (raw, path, bare) => {
    expect(canonicalizePath(raw)).toEqual({ ok: true, path, bare })
  })

  test('a segment that is not UTF-8 has no value', () => {
    expect(decodeSegment('a%20b')).toBe('a b')
    expect(decodeSegment('%FF')).toBeUndefined()
  })
})
