import { describe, expect, test } from 'bun:test'
import { compileAllowList } from './allow-list.ts'

const noFiles = (): string => {
  throw new Error('no file was expected')
}
const list = (entries: string[], more: { ignoreCase?: boolean; kind?: 'path' | 'exact' } = {}) =>
  compileAllowList('scenes', { kind: 'path', ignoreCase: false, entries, ...more }, noFiles)

describe('a path allow-list', () => {
  const scenes = list(['scenes/plaza.json', './scenes/caf\u00e9.json', '/abs/x.json'])
  const allowed = [
    'scenes/plaza.json',
    './scenes/plaza.json',
    'scenes//plaza.json',
    'scenes/./plaza.json',
    'scenes/cafe\u0301.json',
    '/abs/x.json',
  ]
  const refused = [
    '',
    '.',
    'scenes',
    'scenes/other.json',
    'scenes/../scenes/plaza.json',
    '../scenes/plaza.json',
    'scenes\\plaza.json',
    'scenes/plaza.json\u0000',
    'scenes/plaza.json\n',
    'scenes%2fplaza.json',
    'Scenes/plaza.json',
    '/scenes/plaza.json',
    'abs/x.json',
  ]
  for (const path of allowed) {
    test(`allows ${JSON.stringify(path)}`, () => expect(scenes.has(path)).toBe(true))
  }
  for (const path of refused) {
    test(`refuses ${JSON.stringify(path)}`, () => expect(scenes.has(path)).toBe(false))
  }

  test('can ignore case', () => {
    expect(list(['Scenes/Plaza.JSON'], { ignoreCase: true }).has('scenes/plaza.json')).toBe(true)
  })

  test('names an entry that could never match', () => {
    expect(() => list(['a/../b'])).toThrow('allow-list scenes: not a valid path')
  })
})

test('an exact allow-list compares text as it is', () => {
  const names = list(['..', 'a//b'], { kind: 'exact' })
  expect([names.has('..'), names.has('a//b'), names.has('a/b')]).toEqual([true, true, false])
})

test('entries may come from a file, with comments', () => {
  const config = { kind: 'path', ignoreCase: false, entries: ['a'], file: 'list.txt' } as const
  const read = compileAllowList('l', { ...config, entries: ['a'] }, () => '# no\n\nb/c \r\nd\n')
  expect([read.size, read.has('a'), read.has('b/c'), read.has('d'), read.has('# no')]).toEqual([
    3,
    true,
    true,
    true,
    false,
  ])
})
