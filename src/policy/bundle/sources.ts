import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { stringifyJson } from '../../rego/index.ts'
import { BundleError } from './bundle-error.ts'
import type { Document } from './documents.ts'
import { isDataFile, mergeDocuments, parseDocument, place } from './documents.ts'
import type { Manifest } from './manifest.ts'
import { checkRoots, DEFAULT_MANIFEST, parseManifest } from './manifest.ts'
import type { TarEntry } from './tar.ts'
import { readTar, writeTar } from './tar.ts'

/** What a policy is compiled from. */
export interface PolicySources {
  /** Rego by file name, as errors name it. */
  readonly modules: Readonly<Record<string, string>>
  readonly data: Document
  /** What the bundle calls this state, or else a digest of all of it. */
  readonly revision: string
  readonly regoVersion: 0 | 1
}

/** A file of a policy: its path, `/` between the steps, and its bytes. */
export interface SourceFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** An unpacked bundle is never larger; an archive that claims to be is refused. */
const UNPACKED_BYTES_MAX = 512 * 1024 * 1024

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/** Bundles are named beneath the root of the archive: `/app/authz.rego`, `./app/authz.rego`. */
const relative = (name: string): string => name.replace(/^(\.?\/)+/, '')

/**
 * Reads an OPA bundle: a gzipped tar archive with `.manifest`, `data.json` (or YAML) and `*.rego`.
 *
 * @param name names the bundle in errors
 * @throws BundleError when it is no bundle, or not a whole one.
 */
export function readBundle(name: string, archive: Uint8Array): PolicySources {
  return named(name, () => {
    const isZipped = archive[0] === 0x1f && archive[1] === 0x8b
    const unpacked = isZipped
      ? gunzipSync(archive, { maxOutputLength: UNPACKED_BYTES_MAX })
      : archive
    const files = readTar(unpacked).map(({ name: path, bytes }) => ({
      path: relative(path),
      bytes,
    }))
    return sourcesOfBundle(files)
  })
}

/** The sources of a bundle that lies unpacked. */
export function sourcesOfBundle(files: readonly SourceFile[]): PolicySources {
  const manifestFile = files.find(({ path }) => path === '.manifest')
  const manifest =
    manifestFile === undefined ? DEFAULT_MANIFEST : parseManifest(textOf(manifestFile))
  const isData = (path: string): boolean => /(^|\/)data\.(json|ya?ml)$/.test(path)
  const sources = collect(files, isData, manifest)
  checkRoots(manifest, packagesOf(sources.modules), sources.data)
  return sources
}

/** The sources of a folder: every `*.rego`, and data beneath the path of the folder it lies in. */
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

/** Several sources as one. Throws a BundleError when they contradict each other. */
export function joinSources(all: readonly PolicySources[]): PolicySources {
  const [first] = all
  if (first === undefined) return sourcesOfFolder([])
  if (all.length === 1) return first
  const modules: Record<string, string> = {}
  let data: Document = {}
  for (const sources of all) {
    for (const [file, text] of Object.entries(sources.modules)) {
      if (Object.hasOwn(modules, file)) throw new BundleError(`${file} is given twice`)
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

/** What {@link writeBundle} says in the manifest. */
export interface BundleOptions {
  readonly revision?: string
  /** Default: everything. */
  readonly roots?: readonly string[]
}

/**
 * Writes an OPA bundle: `tar.gz` with `.manifest`, `data.json` and the modules. The same sources give
 * the same bytes.
 *
 * @throws BundleError when something lies outside of the roots.
 */
export function writeBundle(sources: PolicySources, options: BundleOptions = {}): Uint8Array {
  const manifest: Manifest = {
    revision: options.revision ?? sources.revision,
    roots: [...(options.roots ?? [''])],
    rego_version: sources.regoVersion,
  }
  checkRoots(manifest, packagesOf(sources.modules), sources.data)
  const entry = (name: string, text: string): TarEntry => ({
    name: `/${name}`,
    bytes: encoder.encode(text),
  })
  const modules = Object.entries(sources.modules)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => entry(relative(file).replaceAll('../', ''), text))
  return gzipSync(
    writeTar([
      entry('.manifest', JSON.stringify(manifest)),
      entry('data.json', stringifyJson(sources.data)),
      ...modules,
    ]),
  )
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
