import type { z } from 'zod'
import type { ConfigError, ConfigPath, Span } from './config-error.ts'
import { formatConfigPath } from './config-error.ts'
import type { Finding } from './describe-issue.ts'
import { describeIssues } from './describe-issue.ts'
import type { Interpolated, InterpolationError, InterpolationSources } from './interpolate.ts'
import { interpolate } from './interpolate.ts'
import { isSecretKey, maskSourceLine } from './mask.ts'
import { secretPathsOf } from './schema-walk.ts'
import { coerceInterpolated } from './coerce-interpolated.ts'
import type { ConfigSource } from './yaml-source.ts'
import { parseYamlSource } from './yaml-source.ts'
import { messageOf } from '../error-message.ts'

/** Where a configuration comes from, which schema it must satisfy, and what it may read. */
export interface LoadConfigOptions<S extends z.ZodType> extends InterpolationSources {
  /** The file's path: YAML or JSON, or a TypeScript or JavaScript module with a default export. */
  readonly path?: string
  /** YAML text instead of a file; `path` then only names it in errors. */
  readonly text?: string
  readonly schema: S
  /** Imports a module afresh; needed only where `path` may name one. */
  readonly importModule?: (path: string) => Promise<unknown>
}

/** A loaded configuration, or everything that is wrong with it. */
export type ConfigOutcome<T> =
  | {
      readonly ok: true
      readonly value: T
      readonly warnings: readonly ConfigError[]
      /** Formatted paths of the strings that must not be shown. */
      readonly secretPaths: ReadonlySet<string>
      /** Gives a place in the file to a problem that was found later, when the configuration was put to use. */
      readonly errorAt: (path: ConfigPath, message: string) => ConfigError
    }
  | { readonly ok: false; readonly errors: readonly ConfigError[] }

const MODULE_PATH = /\.[cm]?[jt]s$/

/**
 * Reads, interpolates and checks a configuration. All mistakes are reported together, in the order of the file.
 * No message contains a value that came from the environment or from a file.
 */
export async function loadConfig<S extends z.ZodType>(
  options: LoadConfigOptions<S>,
): Promise<ConfigOutcome<z.output<S>>> {
  const file = options.path ?? '(text)'
  const read = await readSource(options, file)
  if (!read.ok) return read
  const { source } = read
  const early = source.errors.map((error) => ({
    ...placed(file, source, error.span),
    code: error.code,
    path: '',
    message: error.message,
  }))
  if (early.length > 0) return { ok: false, errors: early }
  const interpolated = await interpolate(source.value, options)
  const { value, result } = coerceInterpolated(options.schema, interpolated)
  const secretPaths = secretPathsOf(options.schema, value)
  for (const path of interpolated.filePaths) secretPaths.add(path)
  const place = createPlacer(file, source, interpolated, secretPaths)
  if (interpolated.errors.length === 0 && result.success) {
    const warnings = literalSecrets(secretPaths, value, interpolated).map(place)
    const errorAt = (path: ConfigPath, message: string): ConfigError =>
      place({ code: 'wrong_value', path, message, at: 'value' })
    return { ok: true, value: result.data, warnings, secretPaths, errorAt }
  }
  const broken = new Set(interpolated.errors.map((error) => formatConfigPath(error.path)))
  const findings: Finding[] = [
    ...interpolated.errors.map(interpolationFinding),
    ...(result.success ? [] : describeIssues(result.error.issues, options.schema, value)).filter(
      (finding) => !broken.has(formatConfigPath(finding.path)),
    ),
  ]
  return { ok: false, errors: findings.map(place).toSorted(byPlace) }
}

async function readSource(
  options: LoadConfigOptions<z.ZodType>,
  file: string,
): Promise<{ ok: true; source: ConfigSource } | { ok: false; errors: readonly ConfigError[] }> {
  const unreadable = (message: string): { ok: false; errors: readonly ConfigError[] } => ({
    ok: false,
    errors: [{ code: 'unreadable', file, path: '', message }],
  })
  const wantsModule = options.text === undefined && MODULE_PATH.test(file)
  if (wantsModule && options.importModule === undefined) {
    return unreadable('a module cannot be loaded here; use YAML')
  }
  try {
    if (wantsModule) return { ok: true, source: moduleSource(await options.importModule?.(file)) }
    const text = options.text ?? (await options.readFile(file))
    return { ok: true, source: parseYamlSource(text) }
  } catch (error) {
    const reason = messageOf(error)
    return unreadable(`cannot be read: ${reason}`)
  }
}

function moduleSource(module: unknown): ConfigSource {
  const isModule = module !== null && typeof module === 'object' && 'default' in module
  const value: unknown = isModule ? module.default : undefined
  const message = isModule
    ? 'there is no configuration; give {} for all defaults'
    : 'the module has no default export; write `export default defineConfig({ … })`'
  return {
    value,
    errors:
      (value ?? undefined) === undefined ? [{ code: 'syntax', message, span: undefined }] : [],
    line: () => undefined,
    locate: () => undefined,
  }
}

const interpolationFinding = (error: InterpolationError): Finding =>
  Object.assign({ code: 'interpolation', at: 'value' } as const, error)

type Place = (finding: Finding) => ConfigError

function createPlacer(
  file: string,
  source: ConfigSource,
  interpolated: Interpolated,
  secretPaths: ReadonlySet<string>,
): Place {
  return (finding) => {
    const path = formatConfigPath(finding.path)
    const hide = createHider(path, interpolated, secretPaths)
    const isSecret = secretPaths.has(path) || isSecretKey(finding.suggestion ?? '')
    const span = locateFinding(source, finding)
    const { sourceLine, ...where } = placed(file, source, span)
    return {
      code: finding.code,
      ...where,
      path,
      message: hide(finding.message),
      ...(finding.expected !== undefined && { expected: finding.expected }),
      ...(finding.found !== undefined && { found: hide(finding.found, true) }),
      ...(finding.suggestion !== undefined && { suggestion: finding.suggestion }),
      ...(sourceLine !== undefined && !isSecret && { sourceLine }),
    }
  }
}

function locateFinding(source: ConfigSource, finding: Finding): Span | undefined {
  const isMissing = finding.code === 'missing_key'
  return isMissing
    ? source.locate(finding.path.slice(0, -1), 'key')
    : source.locate(finding.path, finding.at)
}

const SECRET_CHARACTERS_MIN = 4

/** Replaces values that must not be shown with the placeholder that was written. */
function createHider(
  path: string,
  interpolated: Interpolated,
  secretPaths: ReadonlySet<string>,
): (text: string, whole?: boolean) => string {
  const written = interpolated.written.get(path)
  const secret = secretPaths.has(path)
  const stand = written ?? 'a secret'
  return (text, whole = false) => {
    let hidden = text
    if (written !== undefined || secret) {
      if (whole) return stand
      hidden = hidden
        .replace(/(found|got) (the text )?"(?:[^"\\]|\\.)*"/, `$1 ${stand}`)
        .replace(/(found|got) the number \S+/, `$1 ${stand}`)
    }
    for (const value of interpolated.secrets) {
      if (value.length >= SECRET_CHARACTERS_MIN) hidden = hidden.replaceAll(value, '***')
    }
    return hidden
  }
}

function placed(
  file: string,
  source: ConfigSource,
  span: Span | undefined,
): Pick<ConfigError, 'file' | 'line' | 'column' | 'length' | 'sourceLine'> {
  if (span === undefined) return { file }
  const text = source.line(span.line)
  return { file, ...span, ...(text !== undefined && { sourceLine: maskSourceLine(text) }) }
}

function literalSecrets(
  secretPaths: ReadonlySet<string>,
  value: unknown,
  interpolated: Interpolated,
): Finding[] {
  const message = 'this secret stands in the file; write ${NAME} or ${file:/path} instead'
  const findings: Finding[] = []
  const walk = (item: unknown, path: ConfigPath): void => {
    if (typeof item === 'string') {
      const formatted = formatConfigPath(path)
      if (secretPaths.has(formatted) && !interpolated.written.has(formatted)) {
        findings.push({ code: 'wrong_value', path, at: 'key', message })
      }
    } else if (item !== null && typeof item === 'object') {
      for (const [key, child] of Object.entries(item)) {
        walk(child, [...path, Array.isArray(item) ? Number(key) : key])
      }
    }
  }
  if (secretPaths.size > 0) walk(value, [])
  return findings
}

const byPlace = (a: ConfigError, b: ConfigError): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
