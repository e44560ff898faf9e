import { messageOf } from '../core/error-message.ts'
import type { PolicyConfig } from './config.ts'
import type { AllowList } from './services.ts'

type AllowListConfig = PolicyConfig['allowLists'][string]

/** Characters that no listed path may contain after NFC: control characters and backslashes. */
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const HIDDEN = /[\u0000-\u001f\u007f\\]/

/**
 * The form in which paths are compared: Unicode NFC, no empty and no `.` segments, or `undefined` for a path that
 * climbs (`..`), contains control characters or backslashes, or is empty. Percent signs are ordinary characters: decode
 * the path once, before asking.
 */
function normalizeListedPath(path: string): string | undefined {
  if (HIDDEN.test(path)) return undefined
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0 || segments.includes('..')) return undefined
  return `${path.startsWith('/') ? '/' : ''}${segments.join('/')}`.normalize('NFC')
}

/** An allow-list that cannot be compiled, with its place in the configuration. */
export class AllowListError extends Error {
  override readonly name = 'AllowListError'
  /** Keys beneath the configuration of policy. */
  readonly path: readonly (string | number)[]
  constructor(list: string, place: 'entries' | 'file', message: string, options?: ErrorOptions) {
    super(`allow-list ${list}: ${message}`, options)
    this.path = ['allowLists', list, place]
  }
}

/** Lines of an allow-list file that are entries. */
const entriesOf = (text: string): readonly string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

/**
 * Compiles an allow-list to a hash lookup. Throws an {@link AllowListError} when its file cannot be read, or when an
 * entry could never match because it cannot be normalized; the error names the first such entry.
 */
export function compileAllowList(
  name: string,
  config: AllowListConfig,
  readText: (path: string) => string,
): AllowList {
  const normalize = (value: string): string | undefined => {
    const normal = config.kind === 'path' ? normalizeListedPath(value) : value
    return config.ignoreCase ? normal?.toLowerCase() : normal
  }
  const listed = new Set<string>()
  const add = (entries: readonly string[], place: 'entries' | 'file'): void => {
    for (const entry of entries) {
      const normal = normalize(entry)
      if (normal === undefined) {
        const message = `not a valid path: ${JSON.stringify(entry)}`
        throw new AllowListError(name, place, message)
      }
      listed.add(normal)
    }
  }
  add(config.entries, 'entries')
  if (config.file !== undefined) add(entriesOf(readFile(name, config.file, readText)), 'file')
  return {
    name,
    size: listed.size,
    has(value) {
      if (listed.has(value)) return true // what is listed is in normal form already
      const normal = normalize(value)
      return normal !== undefined && listed.has(normal)
    },
  }
}

function readFile(name: string, file: string, readText: (path: string) => string): string {
  try {
    return readText(file)
  } catch (cause) {
    throw new AllowListError(name, 'file', `cannot be read: ${messageOf(cause)}`, { cause })
  }
}
