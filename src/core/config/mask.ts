import type { ConfigPath } from './config-error.ts'
import { formatConfigPath } from './config-error.ts'

/** What stands in place of a secret. */
const MASK = '***'

const SECRET_KEY =
  /(?:secret|password|passphrase|passwd|pepper|private[-_]?key|api[-_]?key|root[-_]?key|access[-_]?token|auth[-_]?token|bearer[-_]?token|credential|^token)$/i

const SECRET_LINE =
  /(["']?[\w-]*(?:secret|password|passphrase|passwd|pepper|private[-_]?key|api[-_]?key|root[-_]?key|access[-_]?token|auth[-_]?token|bearer[-_]?token|credential|\btoken)["']?\s*:\s*)([^\s#{[&*!|>][^#]*?)(\s*(?:#.*)?)$/i

const INTERPOLATION_ONLY = /^["']?\$\{[^}]*\}["']?$/

/** Whether the name of a key says that its value is secret. */
export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key)

/** Masks the password of URLs such as `postgres://user:password@host`. */
const maskUrlPassword = (text: string): string =>
  text.replaceAll(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${MASK}@`)

/** A line of a configuration file, made safe to show: the values of secret keys are masked. */
export function maskSourceLine(line: string): string {
  const masked = line.replace(SECRET_LINE, (whole, key: string, value: string, rest: string) =>
    INTERPOLATION_ONLY.test(value) ? whole : `${key}${MASK}${rest}`,
  )
  return maskUrlPassword(masked)
}

/**
 * A copy of a configuration value that is safe to show. Strings at `secretPaths` (as `formatConfigPath` writes
 * them), strings under secret keys and passwords in URLs are masked; what is not JSON (functions, patterns, maps)
 * is written as text.
 */
export function maskConfig(value: unknown, secretPaths: ReadonlySet<string>): unknown {
  return maskAt(value, [], secretPaths)
}

function maskAt(value: unknown, path: ConfigPath, secretPaths: ReadonlySet<string>): unknown {
  if (typeof value === 'string') {
    const key = path.findLast((step) => typeof step === 'string')
    const secret = secretPaths.has(formatConfigPath(path)) || isSecretKey(key ?? '')
    return secret ? MASK : maskUrlPassword(value)
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => maskAt(item, [...path, index], secretPaths))
  }
  if (value === null || typeof value !== 'object') {
    return typeof value === 'function' || typeof value === 'symbol' ? '(function)' : value
  }
  if (value instanceof RegExp || value instanceof URL) return value.toString()
  if (Object.getPrototypeOf(value) !== Object.prototype) return `(${value.constructor.name})`
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, maskAt(item, [...path, key], secretPaths)]),
  )
}
