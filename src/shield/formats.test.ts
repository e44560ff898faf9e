import { describe, expect, test } from 'bun:test'
import { FORMATS, isSafePath } from './formats.ts'

const accepts = (name: string, text: string): boolean => {
  const format = FORMATS[name]
  if (typeof format === 'function') return format(text)
  if (typeof format === 'object' && 'validate' in format && typeof format.validate === 'function') {
    return (format.validate as (value: string) => boolean)(text)
  }
  throw new Error(`${name} is not a format of text`)
}

const CASES: Readonly<Record<string, readonly [valid: readonly string[], not: readonly string[]]>> =
  {
    date: [
      ['2026-02-28', '2024-02-29'],
      ['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1'],
    ],
    time: [
      ['10:00:00Z', '23:59:60Z', '10:00:00.5+02:00'],
      ['10:00', '24:00:00Z', '10:00:00'],
    ],
    'date-time': [['2026-01-01T10:00:00Z'], ['2026-01-01', '2026-01-01T25:00:00Z']],
    duration: [
      ['P1Y2M3DT4H5M6S', 'PT36H', 'P4W', 'P1Y'],
      ['P', 'PT', 'P1Y2D', 'P1W2D', '1Y', 'P1S', 'PT1H2S'],
    ],
    email: [
      ['a@b.example', 'a.b+c@example.org'],
      ['a', '@b', 'a@', 'a..b@c', 'a@-b.example', 'a@b@'],
    ],
    hostname: [
      ['example.org', 'a-b.c1', 'localhost'],
      ['', '-a', 'a-', 'a..b', 'a_b', 'x'.repeat(64)],
    ],
    ipv4: [['192.0.2.1'], ['192.0.2.256', '192.0.2', '01.2.3.4']],
    ipv6: [
      ['2001:db8::1', '::'],
      ['2001:db8::1::', 'fe80::1%eth0', '12345::'],
    ],
    uri: [
      ['https://u:p@example.org:8080/a?b=c#d', 'urn:isbn:1', 'http://[2001:db8::1]/', 'mailto:a@b'],
      [
        '/a',
        'example',
        'http://a b',
        'http://[::1',
        'http://a/%zz',
        'http://a:b/',
        '1a:b',
        'a:b#c#d',
      ],
    ],
    'uri-reference': [
      ['/a/b?c', 'a', '#x', '', '//host/a'],
      ['a b', '\\a', '%', '['],
    ],
    'uri-template': [
      ['/a/{b}{?c,d*}', '/{+path:3}'],
      ['/{', '/{}', '/a}', '/{a b}'],
    ],
    uuid: [['123e4567-e89b-12d3-a456-426614174000'], ['123e4567e89b12d3a456426614174000', 'x']],
    'json-pointer': [
      ['', '/a/b~0~1', '/'],
      ['a', '/~2', '/~'],
    ],
    'relative-json-pointer': [
      ['0', '1/a', '2#'],
      ['', '-1', '01/a', '/a'],
    ],
    regex: [['^a+$'], ['(', '[b-a]']],
    byte: [
      ['aGVsbG8=', ''],
      ['aGVsbG8', 'a===', '****'],
    ],
    'safe-path': [
      ['scene.json', 'rooms/Große Halle (2).scene.json', 'a-b_c+d/e'],
      ['../a', 'a/../b', '/a', 'a//b', 'a/', '.env', 'a\\b', 'a%2e', 'a\0', 'a.', 'a /b', ' a', ''],
    ],
  }

describe('formats', () => {
  for (const [name, [valid, invalid]] of Object.entries(CASES)) {
    test.each(valid)(`${name} accepts %j`, (text) => expect(accepts(name, text)).toBe(true))
    test.each(invalid)(`${name} refuses %j`, (text) => expect(accepts(name, text)).toBe(false))
  }

  // Half a megabyte of text that is worst for backtracking engines: a matcher that is not linear would not finish
  // before the test times out.
  test.each(Object.keys(CASES))('%s answers on the most tedious of texts', (name) => {
    for (const unit of [
      'a',
      '0',
      'a.',
      'a-',
      '1.',
      ':',
      '{a',
      '{a,',
      '%41',
      '/a',
      'a@',
      '~0',
      'é ',
      'P1',
    ]) {
      const text = unit.repeat(500_000 / unit.length)
      for (const end of ['', '!', '\n', '@', '\0']) accepts(name, text + end)
    }
  })

  test('a safe path leads nowhere else on any file system', () => {
    for (const path of ['C:\\x', 'C:/x', '~/x', 'a\u0000b', 'a\nb', 'x'.repeat(2000), '..', '.']) {
      expect(isSafePath(path)).toBe(false)
    }
  })
})
