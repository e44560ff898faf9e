import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BundleError } from './bundle-error.ts'
import { loadSources } from './load.ts'
import { readBundle, sourcesOfBundle, writeBundle } from './sources.ts'
import { readTar, writeTar } from './tar.ts'

let folder: string
const put = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-bundle-'))
  put('authz.rego', 'package app.authz\nallow if data.users.names[_] == input.user\n')
  put('users/data.json', '{"names": ["ada"], "count": 9007199254740993}')
  put('users/more/x.yaml', 'level: 3\n')
  put('.hidden/a.rego', 'nonsense')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('folders', () => {
  test('data lies beneath the path of its folder, hidden files are left out', () => {
    const sources = loadSources({ paths: [folder] })
    expect(Object.keys(sources.modules)).toEqual([join(folder, 'authz.rego')])
    expect(sources.data).toMatchObject({ users: { names: ['ada'], more: { level: 3 } } })
    expect(sources.revision).toMatch(/^[0-9a-f]{16}$/)
  })

  test('what is missing, wrong or given twice is named', () => {
    expect(() => loadSources({ paths: ['/nowhere/at/all'] })).toThrow('no such file')
    put('../bad.json', '{')
    expect(() => loadSources({ paths: [join(folder, '../bad.json')] })).toThrow('bad.json')
    rmSync(join(folder, '../bad.json'))
    const twice = [join(folder, 'users/data.json'), join(folder, 'users/data.json')]
    expect(() => loadSources({ paths: twice })).toThrow('data.names is defined twice')
  })
})

describe('bundles', () => {
  test('one that was written is read again, 64-bit integers and long names included', () => {
    const long = `${'deep/'.repeat(30)}rules.rego`
    const sources = loadSources({ paths: [folder] })
    const modules = { 'authz.rego': 'package app.authz\n', [long]: 'package app.x\n' }
    const archive = writeBundle({ ...sources, modules }, { revision: 'r7' })
    const again = readBundle('b.tar.gz', archive)
    expect(again.revision).toBe('r7')
    expect(again.modules).toEqual(modules)
    expect(again.data).toEqual(sources.data)
    expect(writeBundle({ ...sources, modules }, { revision: 'r7' })).toEqual(archive)
  })

  test('what tar packs is read', () => {
    const archive = join(folder, '../packed.tar.gz')
    execFileSync('tar', ['-czf', archive, '-C', folder, 'authz.rego', 'users'])
    const sources = loadSources({ bundles: [archive] })
    rmSync(archive)
    expect(Object.keys(sources.modules)).toEqual(['authz.rego'])
    // In a bundle, only files named `data` are data.
    expect(sources.data).toMatchObject({ users: { names: ['ada'] } })
    expect(sources.data).not.toHaveProperty('users.more')
  })

  test('roots are kept to, by modules and by data', () => {
    const files = (manifest: unknown) => [
      { path: '.manifest', bytes: bytes(JSON.stringify(manifest)) },
      { path: 'a.rego', bytes: bytes('package app.authz\n') },
      { path: 'data.json', bytes: bytes('{"app": {"x": 1}}') },
    ]
    expect(sourcesOfBundle(files({ roots: ['app'], revision: 'a' })).revision).toBe('a')
    expect(() => sourcesOfBundle(files({ roots: ['other'] }))).toThrow('outside the roots')
    expect(() => sourcesOfBundle(files({ roots: ['app/authz'] }))).toThrow('data.app.x')
    expect(() => sourcesOfBundle(files({ roots: 7 }))).toThrow('.manifest: roots')
  })

  test('what is no bundle, or cut short, is refused', () => {
    expect(() => readBundle('x', bytes('no archive'.repeat(100)))).toThrow(BundleError)
    const whole = writeTar([{ name: 'a.rego', bytes: bytes('x'.repeat(2000)) }])
    expect(() => readTar(whole.subarray(0, 1024))).toThrow('truncated')
    const broken = Uint8Array.from(whole)
    broken[3] = 7
    expect(() => readTar(broken)).toThrow('not a tar archive')
  })

  test('a key called __proto__ stays a key', () => {
    const file = { path: 'data.json', bytes: bytes('{"__proto__": {"polluted": true}}') }
    const { data } = sourcesOfBundle([file, { path: 'b/data.json', bytes: bytes('{"y": 1}') }])
    expect(Object.hasOwn(data, '__proto__')).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
