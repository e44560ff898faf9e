import { createHash } from 'node:crypto'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { fromBase64Url, toBase64Url } from '../../core/bytes.ts'
import { BundleError } from './bundle-error.ts'
import { canonicalJson } from './canonical-json.ts'
import type { SigningAlgorithm } from './jws.ts'
import { signBytes, verifyBytes } from './jws.ts'
import type { SourceFile } from './sources.ts'

/** A key that a bundle may be signed with. */
export interface VerificationKey {
  readonly algorithm: SigningAlgorithm
  /** PEM of a public key or a certificate; the secret itself for HMAC algorithms such as HS256. */
  readonly key: string
}

/** What the signature of a bundle must satisfy. */
export interface Verification {
  /** Keys by id. */
  readonly keys: Readonly<Record<string, VerificationKey>>
  /** The key that must have signed. Default: the only key, or the one that the signature names. */
  readonly keyId?: string | undefined
  /** The scope that the signature must state. Default: any or none. */
  readonly scope?: string | undefined
}

/** What a bundle is signed with. */
export interface Signing {
  readonly algorithm: SigningAlgorithm
  /** PEM of the private key; the secret itself for HMAC algorithms such as HS256. */
  readonly key: string
  readonly keyId?: string | undefined
  readonly scope?: string | undefined
}

/** The file of a bundle that holds its signatures. */
export const SIGNATURES_FILE = '.signatures.json'

const signaturesShape = z.object({ signatures: z.array(z.string()).min(1) })
const headerShape = z.object({ alg: z.string(), kid: z.string().default('') })
const payloadShape = z.object({
  files: z.array(z.object({ name: z.string(), hash: z.string(), algorithm: z.string() })),
  scope: z.string().default(''),
  keyid: z.string().default(''),
})

const DIGESTS: Readonly<Record<string, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}

/**
 * Checks that a bundle is signed and holds exactly what was signed: every file, unchanged, and nothing else.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles#signing
 * @throws BundleError that says what is wrong.
 */
export function verifyFiles(files: readonly SourceFile[], verification: Verification): void {
  const signed = readSignature(files, verification)
  for (const file of files) {
    if (file.path === SIGNATURES_FILE) continue
    const entry = signed.get(file.path)
    if (entry === undefined) throw new BundleError(`${file.path} is not signed`)
    const algorithm = DIGESTS[entry.algorithm]
    if (algorithm === undefined) {
      throw new BundleError(
        `${file.path} is signed with ${entry.algorithm}, which is not supported`,
      )
    }
    if (digestOf(file, algorithm) !== entry.hash.toLowerCase()) {
      throw new BundleError(`${file.path} does not match the signature`)
    }
    signed.delete(file.path)
  }
  const [missing] = signed.keys()
  if (missing !== undefined) throw new BundleError(`${missing} was signed but is missing`)
}

type SignedFiles = Map<string, { readonly hash: string; readonly algorithm: string }>

function readSignature(files: readonly SourceFile[], verification: Verification): SignedFiles {
  const file = files.find(({ path }) => path === SIGNATURES_FILE)
  if (file === undefined) throw new BundleError('the bundle is not signed')
  const { signatures } = parseAs(signaturesShape, textOf(file.bytes), SIGNATURES_FILE)
  const [token = '', ...others] = signatures
  if (others.length > 0) throw new BundleError('the bundle has several signatures')
  const [header64 = '', payload64 = '', signature64 = '', more] = token.split('.')
  const header = parseAs(headerShape, decoded(header64), 'the header of the signature')
  const payload = parseAs(payloadShape, decoded(payload64), 'the signature')
  const key = keyOf(verification, header.kid === '' ? payload.keyid : header.kid)
  const signature = fromBase64Url(signature64)
  const isGood =
    more === undefined &&
    signature !== undefined &&
    header.alg === key.algorithm &&
    verifyBytes(key.algorithm, key.key, Buffer.from(`${header64}.${payload64}`), signature)
  if (!isGood) throw new BundleError('the signature of the bundle is invalid')
  if (payload.scope !== (verification.scope ?? '')) {
    throw new BundleError(`the bundle is signed for another scope: "${payload.scope}"`)
  }
  return new Map(payload.files.map((entry) => [entry.name.replace(/^\/+/, ''), entry]))
}

function keyOf({ keys, keyId }: Verification, named: string): VerificationKey {
  const ids = Object.keys(keys)
  const id = keyId ?? (ids.length === 1 ? (ids[0] ?? '') : named)
  const key = Object.hasOwn(keys, id) ? keys[id] : undefined
  if (key === undefined) throw new BundleError(`the bundle is signed with an unknown key: "${id}"`)
  return key
}

/** Makes the `.signatures.json` of files. */
export function signFiles(files: readonly SourceFile[], signing: Signing): SourceFile {
  const { algorithm, key, keyId, scope } = signing
  const header = { alg: algorithm, ...(keyId !== undefined && { kid: keyId }) }
  const payload = {
    files: files.map((file) => ({
      name: file.path,
      hash: digestOf(file, 'sha256'),
      algorithm: 'SHA-256',
    })),
    ...(scope !== undefined && { scope }),
    ...(keyId !== undefined && { keyid: keyId }),
  }
  const encode = (value: object): string => toBase64Url(Buffer.from(JSON.stringify(value)))
  const signed = `${encode(header)}.${encode(payload)}`
  const token = `${signed}.${toBase64Url(signBytes(algorithm, key, Buffer.from(signed)))}`
  const text = JSON.stringify({ signatures: [token] })
  return { path: SIGNATURES_FILE, bytes: new TextEncoder().encode(text) }
}

/** The digest of a data file (JSON or YAML) covers its meaning; that of any other file covers its bytes. */
function digestOf({ path, bytes }: SourceFile, algorithm: string): string {
  const hash = createHash(algorithm)
  const name = path.slice(path.lastIndexOf('/') + 1)
  try {
    if (name === 'data.json' || name === '.manifest') hash.update(canonicalJson(textOf(bytes)))
    else if (/^data\.ya?ml$/.test(name)) {
      hash.update(canonicalJson(JSON.stringify(parseYaml(textOf(bytes)))))
    } else hash.update(bytes)
  } catch (cause) {
    throw new BundleError(`${path}: ${cause instanceof Error ? cause.message : ''}`, { cause })
  }
  return hash.digest('hex')
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function decoded(part: string): string {
  const bytes = fromBase64Url(part)
  if (bytes === undefined) throw new BundleError('the signature of the bundle is not a token')
  return textOf(bytes)
}

function parseAs<S extends z.ZodType>(shape: S, text: string, what: string): z.output<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BundleError(`${what} is not JSON`, { cause })
  }
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new BundleError(`${what} is not well-formed`)
}
