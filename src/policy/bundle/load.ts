import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BundleError } from './bundle-error.ts'
import { isDataFile, mergeDocuments, parseDocument } from './documents.ts'
import type { Verification } from './signature.ts'
import { SIGNATURES_FILE } from './signature.ts'
import type { PolicySources, SourceFile } from './sources.ts'
import { joinSources, readBundle, sourcesOfBundle, sourcesOfFolder } from './sources.ts'

/** Where the files of a policy are. */
export interface PolicyPlaces {
  /** `*.rego`, JSON and YAML files (data is merged at the root of `data`), and folders. */
  readonly paths?: readonly string[]
  /** Bundles: `tar.gz` files, or folders with the content of one. */
  readonly bundles?: readonly string[]
  /** How bundles must be signed. Default: signatures are not checked. */
  readonly verification?: Verification | undefined
}

/** Folders are followed to this depth, so that a link to a parent folder cannot loop forever. */
const DEPTH_MAX = 32

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
}

/**
 * Reads a policy from files. Hidden files and folders are left out, except `.manifest`.
 *
 * @throws BundleError that names what cannot be read, or what contradicts something else.
 */
export function loadSources(places: PolicyPlaces): PolicySources {
  const { paths = [], bundles = [], verification } = places
  return joinSources([
    ...paths.map(loadPath),
    ...bundles.map((path) => loadBundle(path, verification)),
  ])
}

function loadPath(path: string): PolicySources {
  if (isFolder(path)) {
    const { data, ...rest } = sourcesOfFolder(filesOf(path))
    const modules = Object.entries(rest.modules)
    const named = modules.map(([file, text]) => [join(path, file), text] as const)
    return { ...rest, data, modules: Object.fromEntries(named) }
  }
  const bytes = read(path)
  if (path.endsWith('.rego')) return sourcesOfFolder([{ path, bytes }])
  if (isDataFile(path)) {
    const data = mergeDocuments({}, parseDocument(path, new TextDecoder().decode(bytes)))
    return { ...sourcesOfFolder([]), data }
  }
  if (/\.(tar\.gz|tgz)$/.test(path)) return readBundle(path, bytes)
  throw new BundleError(`${path}: expected *.rego, *.json, *.yaml, *.tar.gz or a folder`)
}

const loadBundle = (path: string, verification: Verification | undefined): PolicySources =>
  isFolder(path)
    ? sourcesOfBundle(filesOf(path, OF_BUNDLES), verification)
    : readBundle(path, read(path), { verification })

/** Hidden files that belong to a bundle. */
const OF_BUNDLES: readonly string[] = ['.manifest', SIGNATURES_FILE]

function filesOf(root: string, hidden: readonly string[] = []): SourceFile[] {
  const files: SourceFile[] = []
  const visit = (folder: string, depth: number): void => {
    if (depth > DEPTH_MAX) throw new BundleError(`${root}: folders are nested too deeply`)
    for (const name of readdirSync(join(root, folder)).toSorted()) {
      const path = folder === '' ? name : `${folder}/${name}`
      const isHidden = name.startsWith('.')
      if (isHidden && !hidden.includes(path)) continue
      if (isFolder(join(root, path))) visit(path, depth + 1)
      else if (isHidden || name.endsWith('.rego') || isDataFile(name)) {
        files.push({ path, bytes: read(join(root, path)) })
      }
    }
  }
  visit('', 0)
  return files
}

const isFolder = (path: string): boolean => reaching(path, () => statSync(path).isDirectory())

const read = (path: string): Uint8Array => reaching(path, () => readFileSync(path))

function reaching<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause))
    throw new BundleError(`${path}: ${reason}`, { cause })
  }
}
