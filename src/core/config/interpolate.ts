import type { ConfigPath } from './config-error.ts'
import { formatConfigPath } from './config-error.ts'
import { nearest } from './nearest.ts'
import { messageOf } from '../error-message.ts'

/** Where interpolated values come from. */
export interface InterpolationSources {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Reads a text file; rejects when it cannot. Relative paths are relative to the configuration. */
  readonly readFile: (path: string) => Promise<string>
}

/** A placeholder that could not be replaced. */
export interface InterpolationError {
  readonly path: ConfigPath
  readonly message: string
  readonly suggestion?: string
}

/** A value with its placeholders replaced. */
export interface Interpolated {
  readonly value: unknown
  readonly errors: readonly InterpolationError[]
  /** For each changed text (by its formatted path), how it was written. */
  readonly written: ReadonlyMap<string, string>
  /** Every text that came from the environment or a file: never to be shown. */
  readonly secrets: ReadonlySet<string>
  /** Formatted paths of texts that hold the content of a file. */
  readonly filePaths: ReadonlySet<string>
}

const PLACEHOLDER = /\$(\$\{)|\$\{([^}]*)\}/g
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-)([\s\S]*))?$/
const FILE_CHARACTERS_MAX = 1024 * 1024
const DEPTH_MAX = 64

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${file:path}` in every string of a value. A variable that is
 * missing or empty takes its default; without a default it is an error. `$${` stands for a literal `${`. Keys
 * are left alone, and inserted text is not interpolated again.
 */
export async function interpolate(
  value: unknown,
  sources: InterpolationSources,
): Promise<Interpolated> {
  const errors: InterpolationError[] = []
  const written = new Map<string, string>()
  const secrets = new Set<string>()
  const filePaths = new Set<string>()

  async function resolve(expression: string, path: ConfigPath): Promise<string> {
    if (expression.startsWith('file:')) {
      filePaths.add(formatConfigPath(path))
      return resolveFile(expression.slice(5), path)
    }
    const match = VARIABLE.exec(expression)
    if (match === null) {
      const message = `expected \${NAME}, \${NAME:-default} or \${file:path}, found \${${expression}}`
      errors.push({ path, message })
      return ''
    }
    const name = match[1] ?? ''
    const found = sources.environment[name]
    if (found !== undefined && found !== '') {
      secrets.add(found)
      return found
    }
    if (match[2] !== undefined) return match[3] ?? ''
    const state = found === undefined ? 'not set' : 'empty'
    const suggestion = nearest(name, Object.keys(sources.environment))
    errors.push({
      path,
      message: `the environment variable ${name} is ${state} and has no default`,
      ...(suggestion !== undefined && found === undefined && { suggestion }),
    })
    return ''
  }

  async function resolveFile(file: string, path: ConfigPath): Promise<string> {
    try {
      const text = (await sources.readFile(file)).replace(/\r?\n$/, '')
      if (text.length > FILE_CHARACTERS_MAX) throw new Error('it is larger than 1 MiB')
      secrets.add(text)
      return text
    } catch (error) {
      const reason = messageOf(error)
      errors.push({ path, message: `the file ${file} cannot be read: ${reason}` })
      return ''
    }
  }

  async function walk(item: unknown, path: ConfigPath): Promise<unknown> {
    if (path.length > DEPTH_MAX) {
      errors.push({ path, message: `nested more than ${DEPTH_MAX} levels deep` })
      return undefined
    }
    if (typeof item === 'string') return interpolateText(item, path)
    if (Array.isArray(item)) {
      return Promise.all(item.map((child, index) => walk(child, [...path, index])))
    }
    if (item === null || typeof item !== 'object') return item
    if (Object.getPrototypeOf(item) !== Object.prototype) return item
    const entries = Object.entries(item).map(
      async ([key, child]) => [key, await walk(child, [...path, key])] as const,
    )
    return Object.fromEntries(await Promise.all(entries))
  }

  async function interpolateText(text: string, path: ConfigPath): Promise<string> {
    if (!text.includes('${')) return text
    let result = ''
    let end = 0
    for (const match of text.matchAll(PLACEHOLDER)) {
      result += text.slice(end, match.index)
      result += match[1] ?? (await resolve(match[2] ?? '', path))
      end = match.index + match[0].length
    }
    written.set(formatConfigPath(path), text)
    return result + text.slice(end)
  }

  return { value: await walk(value, []), errors, written, secrets, filePaths }
}
