import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson } from './canonical-json.ts'
import type { SigningAlgorithm } from './jws.ts'
import { loadSources } from './load.ts'
import type { Verification } from './signature.ts'
import { SIGNATURES_FILE, signFiles, verifyFiles } from './signature.ts'
import type { PolicySources, SourceFile } from './sources.ts'
import { readBundle, unpack, writeBundle } from './sources.ts'

/** Written and signed by OPA 1.20, with ES256. */
const SIGNED_BY_OPA = [
  'H4sIAAAAAAAA/+yX326jOBTGe52nQL7OENuEpI00F2lZUmjtKCmE4E5VEUISg/nTAA2h6gPtc+yLrZJddTSdi2p3',
  '1Y664ndjhDDnO+h8wl9n6RWeHOZpcvJuQAhhD8LjCn9eIUL45fp4HyGo4hMJvp+k75R54W1P4H+u9bq5T8ITSMAA',
  'ybANkiAvgiUYPIEFGNxiWYXtL8pdG/zxOxigAD+3QRFUBRgA71uJIT79VkKo+IvjEoDn1q/upOHf0PE7XpZ1vLLY',
  '1PI2WKfvUOMt/0O198r/GPdh4/+PIPP8yFsHkpdl8nEIWi1PiHQn8ZXEk6ws5Er6+lU6/iWSxuP/OzpyzteJV5Tb',
  'IH+vY8Ab/kcKQq/934Vq4/+P4Kklge8TAAbSbUuSQLA3N4uRz8fc1O3aQJQbuREXGbswekY8FSzW0eJywq8vTBjM',
  'h4fnrmZowlcTOdibsedUwt8bPUfJ+SLWC3Zz2EYe3fn57hrraDna9K4TUzB8enhF6s5paoQpJ9aw64bTaGzNQree',
  'cYpZSGMbU2xyF9vqeGQKEtpdokU1jW11rBGFhG5FnN9UEjLOQl0wza6YxjY0nEZsZNT05iBdzxk+23vzabo4aBHU',
  'mNzAPbVcvrqp+kasbhaOfWgjcufTzXWc1Qvc/UGbi5kgFhOk9nfEmQqiudXYsmvmGCrRXEzDJXdjnTPtfEO1YeWG',
  '5yHV1pg6kz0Jh3tqGYiEkTK2qCCWvWeWDRn/J9qMcuHopecw4SuTH7SxcI3oSI+YthTUGnaZ41akNiNaD+vxiApq',
  'zSIaRju3XkbU8hViHb7NZE81t6ZY56SebcYjo2KaKdzah9Qa7shb2mbwMBIicER01DCaxe58li8vzDO5yPo7BSHj',
  'PKrWV10FLnVnqvX7Ppr0LstE70+u+6c98Tjsnu0evly590ZVxnOiXdjxJrQfwm76ED/O7N2VivXV5W5K++kVD4ag',
  'Jd21WxLIRLnmCRhI4H4ZrLxSFKD1/KuN9EnpyLGX8FWQF+9X4+38p/6U/3rN+e9DeALb4JHnPE3AAGwRaINtmhY5',
  'GNyCl1wA2iABf8e/l5x41waHuHD/GGz/2o2aCNjQ0NDwifgzAAD//5DS4x8AFgAA',
].join('')
const OPA_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsZOZ6Vw6MRohTvnGhsBeENA0AjtC
q4NDDteJ4M0PSCh2MDRm1fn+/2Ysan7nnkS8jMIVACoLHWB3BMdvopxCdg==
-----END PUBLIC KEY-----`

const SOURCES: PolicySources = {
  modules: { 'app/authz.rego': 'package app.authz\n\nallow if input.x == data.n\n' },
  data: { n: 1 },
  revision: 'r1',
  regoVersion: 1,
}
const SECRET = 'a secret of some length'

const pair = (algorithm: SigningAlgorithm): { privateKey: string; publicKey: string } => {
  if (algorithm.startsWith('HS')) return { privateKey: SECRET, publicKey: SECRET }
  const { privateKey, publicKey } = algorithm.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
const es = pair('ES256')
const verifying = (more: Partial<Verification> = {}): Verification => ({
  keys: { one: { algorithm: 'ES256', key: es.publicKey } },
  ...more,
})
const signing = { algorithm: 'ES256', key: es.privateKey } as const

test('a bundle that OPA signed is verified, whatever its JSON looks like', () => {
  const archive = Buffer.from(SIGNED_BY_OPA, 'base64')
  const keys = { any: { algorithm: 'ES256', key: OPA_KEY } } as const
  const sources = readBundle('opa.tar.gz', archive, { verification: { keys } })
  expect(sources.revision).toBe('r1')
  expect(sources.data).toMatchObject({ n: 1, nested: { é: 100, b: [2.5, -3] } })
})

test.each(['RS256', 'PS256', 'ES256', 'HS256'] as const)(
  '%s: what was signed is verified',
  (algorithm) => {
    const { privateKey, publicKey } = pair(algorithm)
    const archive = writeBundle(SOURCES, { signing: { algorithm, key: privateKey } })
    const read = (key: string) =>
      readBundle('b', archive, { verification: { keys: { k: { algorithm, key } } } })
    expect(read(publicKey).data).toEqual(SOURCES.data)
    const other = algorithm.startsWith('HS')
      ? 'another secret altogether'
      : pair(algorithm).publicKey
    expect(() => read(other)).toThrow('the signature of the bundle is invalid')
  },
)

describe('refused is', () => {
  const files = unpack(writeBundle(SOURCES, { signing }))
  const change = (path: string, text: string): SourceFile[] =>
    files.map((file) => (file.path === path ? { path, bytes: Buffer.from(text) } : file))

  test.each([
    [
      'a changed policy',
      change('app/authz.rego', 'package app.authz\n\nallow := true\n'),
      'does not match',
    ],
    ['changed data', change('data.json', '{"n": 2}'), 'data.json does not match the signature'],
    ['another revision', change('.manifest', '{"revision": "r2"}'), '.manifest does not match'],
    [
      'a file more',
      [...files, { path: 'x.rego', bytes: Buffer.from('package x') }],
      'x.rego is not signed',
    ],
    [
      'a file less',
      files.filter(({ path }) => path !== 'data.json'),
      'data.json was signed but is missing',
    ],
    [
      'no signature',
      files.filter(({ path }) => path !== SIGNATURES_FILE),
      'the bundle is not signed',
    ],
    [
      'a broken signature',
      change(SIGNATURES_FILE, '{"signatures": ["e30.e30"]}'),
      'not well-formed',
    ],
    ['no token at all', change(SIGNATURES_FILE, '{"signatures": []}'), 'not well-formed'],
  ])('%s', (_what, changed, message) => {
    expect(() => verifyFiles(changed, verifying())).toThrow(message)
  })

  test('a token that names no algorithm, or another than the key is for', () => {
    const token = (header: object): SourceFile[] => {
      const { signatures } = JSON.parse(
        Buffer.from(signFiles(files, signing).bytes).toString(),
      ) as { signatures: string[] }
      const [, payload, signature] = (signatures[0] ?? '').split('.')
      const head = Buffer.from(JSON.stringify(header)).toString('base64url')
      return change(
        SIGNATURES_FILE,
        JSON.stringify({ signatures: [`${head}.${payload}.${signature}`] }),
      )
    }
    for (const alg of ['none', 'HS256', 'RS256']) {
      expect(() => verifyFiles(token({ alg }), verifying())).toThrow(
        'signature of the bundle is invalid',
      )
    }
  })

  test('another scope, and a key that is not known', () => {
    const signed = unpack(
      writeBundle(SOURCES, { signing: { ...signing, scope: 'write', keyId: 'two' } }),
    )
    expect(() => verifyFiles(signed, verifying())).toThrow('another scope: "write"')
    expect(() => verifyFiles(signed, verifying({ scope: 'write', keyId: 'three' }))).toThrow(
      '"three"',
    )
    const keys = { ...verifying().keys, three: { algorithm: 'HS256', key: SECRET } } as const
    expect(() => verifyFiles(signed, { keys, scope: 'write' })).toThrow('unknown key: "two"')
    const known = { two: { algorithm: 'ES256', key: es.publicKey } } as const
    verifyFiles(signed, { keys: { ...keys, ...known }, scope: 'write' })
  })

  test('a short secret', () => {
    expect(() => writeBundle(SOURCES, { signing: { algorithm: 'HS256', key: 'short' } })).toThrow(
      'at least 16 characters',
    )
  })
})

test('a folder is verified as an archive is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-signed-'))
  try {
    mkdirSync(join(folder, 'app'))
    for (const { path, bytes } of unpack(writeBundle(SOURCES, { signing }))) {
      writeFileSync(join(folder, path), bytes)
    }
    const load = () => loadSources({ bundles: [folder], verification: verifying() })
    expect(load().revision).toBe('r1')
    writeFileSync(join(folder, 'data.json'), '{ "n": 1 }')
    expect(load().data).toEqual({ n: 1 })
    writeFileSync(join(folder, 'app/more.rego'), 'package app.more')
    expect(load).toThrow('app/more.rego is not signed')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the digest of data is of its meaning, numbers as they are written', () => {
  expect(canonicalJson('{ "b": [1.0, -2e3, "x\\u2028\\"1"], "a": {"é": null, "z": true} }')).toBe(
    '{"a":{"z":true,"é":null},"b":[1.0,-2e3,"x\\u2028\\"1"]}',
  )
  expect(canonicalJson('["1", 1]')).not.toBe(canonicalJson('[1, "1"]'))
  expect(() => canonicalJson('{')).toThrow()
})

describe('limits of archives', () => {
  test('one that unpacks to more than it may is refused before it is unpacked whole', () => {
    const bomb = Bun.gzipSync(new Uint8Array(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const limits = { unpackedBytesMax: 1024 * 1024, filesMax: 10 }
    expect(() => readBundle('bomb', bomb, { limits })).toThrow('larger than 1048576 bytes unpacked')
  })

  test('so is one of too many files', () => {
    const modules = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`m${n}.rego`, `package m${n}`]),
    )
    const archive = writeBundle({ ...SOURCES, modules })
    const limits = { unpackedBytesMax: 1024 * 1024, filesMax: 10 }
    expect(() => readBundle('many', archive, { limits })).toThrow('more than 10 files')
  })
})

test('bundles that own the same data are refused together', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-roots-'))
  const write = (name: string, at: string, roots: string[]): string => {
    const modules = { [`${name}.rego`]: `package ${at}\n\nx := 1\n` }
    const path = join(folder, `${name}.tar.gz`)
    writeFileSync(path, writeBundle({ ...SOURCES, modules, data: {} }, { roots }))
    return path
  }
  try {
    const app = write('app', 'app.authz', ['app'])
    const other = write('other', 'other', ['other'])
    const inside = write('inside', 'app.more', ['app/more'])
    expect(Object.keys(loadSources({ bundles: [app, other] }).modules)).toHaveLength(2)
    expect(() => loadSources({ bundles: [app, inside] })).toThrow(
      'own the same data: "app" and "app/more"',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
