import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { stringifyJson } from '../../rego/index.ts'
import { BundleError } from './bundle-error.ts'
import type { Document } from './documents.ts'
import { isDataFile, mergeDocuments, parseDocument, place } from './documents.ts'
import type { Manifest } from './manifest.ts'
import { checkOverlap, checkRoots, DEFAULT_MANIFEST, parseManifest } from './manifest.ts'
import type { Signing, Verification } from './signature.ts'
import { signFiles, verifyFiles } from './signature.ts'
import { readTar, writeTar } from './tar.ts'

/** What a policy is compiled from. */
export interface PolicySources {
  /** Rego text by file name; errors use the same names. */
  readonly modules: Readonly<Record<string, string>>
  readonly data: Document
  /** The revision that the bundle states, or else a digest of everything. */
  readonly revision: string
  readonly regoVersion: 0 | 1
  /** The parts of `data` that a bundle owns, such as `app/authz`; absent when the sources are not a bundle. */
  readonly roots?: readonly string[]
}

/** A file of a policy: its path, with `/` as the separator, and its bytes. */
export interface SourceFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** How large a bundle may be. */
export interface BundleLimits {
  /** Unpacked size: an archive that would be larger is refused before it is completely unpacked. */
  readonly unpackedBytesMax: number
  /** Number of files. */
  readonly filesMax: number
}

/** Limits for bundles from the operator's own disk. */
const LOCAL_LIMITS: BundleLimits = { unpackedBytesMax: 512 * 1024 * 1024, filesMax: 100_000 }

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/** Makes a name relative to the root of the archive: it may begin as `/app/authz.rego` or `./app/authz.rego`. */
const relative = (name: string): string => name.replace(/^(\.?\/)+/, '')

/** How a bundle is read. */
export interface ReadOptions {
  readonly limits?: BundleLimits
  /** How it must be signed. Default: signatures are not checked. */
  readonly verification?: Verification | undefined
}

/**
 * Reads an OPA bundle: a gzipped tar archive with `.manifest`, `data.json` (or YAML) and `*.rego`.
 *
 * @param name what errors call the bundle
 * @throws BundleError when it is not a bundle, is incomplete or too large, or is not signed as required.
 */
export function readBundle(
  name: string,
  archive: Uint8Array,
  options: ReadOptions = {},
): PolicySources {
  return named(name, () => sourcesOfBundle(unpack(archive, options.limits), options.verification))
}

/** The files of an archive. Throws a BundleError when it is not an archive, or exceeds the limits. */
export function unpack(archive: Uint8Array, limits: BundleLimits = LOCAL_LIMITS): SourceFile[] {
  const { unpackedBytesMax, filesMax } = limits
  const isZipped = archive[0] === 0x1f && archive[1] === 0x8b
  const unpacked = isZipped ? unzip(archive, unpackedBytesMax) : archive
  if (unpacked.length > unpackedBytesMax) throw tooLarge(unpackedBytesMax)
  const entries = readTar(unpacked)
  if (entries.length > filesMax) throw new BundleError(`it has more than ${filesMax} files`)
  return entries.map(({ name: path, bytes }) => ({ path: relative(path), bytes }))
}

function unzip(archive: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return gunzipSync(archive, { maxOutputLength: bytesMax })
  } catch (cause) {
    const isLarge =
      cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    if (isLarge) throw tooLarge(bytesMax)
    throw new BundleError('the archive is damaged', { cause })
  }
}

const tooLarge = (bytesMax: number): BundleError =>
  new BundleError(`it is larger than ${bytesMax} bytes unpacked`)

/** The sources of an unpacked bundle. */
export function sourcesOfBundle(
  files: readonly SourceFile[],
  verification?: Verification,
): PolicySources {
  if (verification !== undefined) verifyFiles(files, verification)
  const manifestFile = files.find(({ path }) => path === '.manifest')
  const manifest =
    manifestFile === undefined ? DEFAULT_MANIFEST : parseManifest(textOf(manifestFile))
  const isData = (path: string): boolean => /(^|\/)data\.(json|ya?ml)$/.test(path)
  const sources = collect(files, isData, manifest)
  checkRoots(manifest, packagesOf(sources.modules), sources.data)
  return { ...sources, roots: manifest.roots }
}

/** The sources of a folder: every `*.rego`, and each data file's content at the path of its folder. */
export const sourcesOfFolder = (files: readonly SourceFile[]): PolicySources =>
  collect(files, isDataFile, DEFAULT_MANIFEST)

function collect(
  files: readonly SourceFile[],
  isData: (path: string) => boolean,
  manifest: Manifest,
): PolicySources {
  const modules: Record<string, string> = {}
  let data: Document = {}
  for (const file of files) {
    const { path } = file
    if (path.endsWith('.rego')) modules[path] = textOf(file)
    else if (isData(path)) {
      const folder = path.split('/').slice(0, -1)
      data = mergeDocuments(data, place(folder, parseDocument(path, textOf(file))))
    }
  }
  const revision = manifest.revision === '' ? digestOf(modules, data) : manifest.revision
  return { modules, data, revision, regoVersion: manifest.rego_version }
}

/**
 * Joins several sources. Throws a BundleError when they contradict each other, such as bundles that own the same part
 * of `data`.
 */
export function joinSources(all: readonly PolicySources[]): PolicySources {
  const [first] = all
  if (first === undefined) return sourcesOfFolder([])
  if (all.length === 1) return first
  checkOverlap(all.flatMap(({ roots }) => (roots === undefined ? [] : [roots])))
  const modules: Record<string, string> = {}
  let data: Document = {}
  for (const sources of all) {
    for (const [file, text] of Object.entries(sources.modules)) {
      if (Object.hasOwn(modules, file)) throw new BundleError(`${file} occurs twice`)
      modules[file] = text
    }
    data = mergeDocuments(data, sources.data)
  }
  if (all.some(({ regoVersion }) => regoVersion !== first.regoVersion)) {
    throw new BundleError('the bundles are written in different versions of Rego')
  }
  const revision = digestOf(modules, data)
  return { modules, data, revision, regoVersion: first.regoVersion }
}

/** What {@link writeBundle} writes in the manifest, and how it signs. */
export interface BundleOptions {
  readonly revision?: string
  /** Default: everything. */
  readonly roots?: readonly string[]
  readonly signing?: Signing | undefined
}

/**
 * Writes an OPA bundle: `tar.gz` with `.manifest`, `data.json` and the modules. The same sources give the same bytes.
 *
 * @throws BundleError when something lies outside the roots.
 */
export function writeBundle(sources: PolicySources, options: BundleOptions = {}): Uint8Array {
  const manifest: Manifest = {
    revision: options.revision ?? sources.revision,
    roots: [...(options.roots ?? [''])],
    rego_version: sources.regoVersion,
  }
  checkRoots(manifest, packagesOf(sources.modules), sources.data)
  const file = (path: string, text: string): SourceFile => ({ path, bytes: encoder.encode(text) })
  const modules = Object.entries(sources.modules)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => file(relative(name).replaceAll('../', ''), text))
  const files = [
    file('.manifest', JSON.stringify(manifest)),
    file('data.json', stringifyJson(sources.data)),
    ...modules,
  ]
  const { signing } = options
  const signed = signing === undefined ? files : [...files, signFiles(files, signing)]
  return gzipSync(writeTar(signed.map(({ path, bytes }) => ({ name: `/${path}`, bytes }))))
}

const PACKAGE = /^[ \t]*package[ \t]+([^\s#;]+)/m

function packagesOf(modules: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const packages = new Map<string, string>()
  for (const [file, text] of Object.entries(modules)) {
    const path = PACKAGE.exec(text)?.[1]
    if (path === undefined) continue
    packages.set(file, path.replaceAll(/\["([^"]*)"\]/g, '.$1').replaceAll('.', '/'))
  }
  return packages
}

const DIGEST_CHARACTERS = 16

function digestOf(modules: Readonly<Record<string, string>>, data: Document): string {
  const hash = createHash('sha256')
  const parts = Object.entries(modules).toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [file, text] of parts) {
    hash.update(`${file.length}:${file}${text.length}:${text}`)
  }
  return hash.update(stringifyJson(data)).digest('hex').slice(0, DIGEST_CHARACTERS)
}

function textOf({ path, bytes }: SourceFile): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new BundleError(`${path}: not UTF-8`, { cause })
  }
}

function named(name: string, read: () => PolicySources): PolicySources {
  try {
    return read()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new BundleError(`${name}: ${reason}`, { cause })
  }
}
