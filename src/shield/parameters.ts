import { isForbiddenName } from './json.ts'

/** Parameters by name; repeated values are in order. */
export type Parameters = ReadonlyMap<string, readonly string[]>

/** Parameters, or what is wrong with them. */
export type ParsedParameters =
  | { readonly ok: true; readonly value: Parameters }
  | { readonly ok: false; readonly detail: string }

/**
 * Parses `application/x-www-form-urlencoded` (WHATWG URL §5.1), of queries and forms alike, but strictly: escapes that
 * are truncated or not UTF-8 are refused, not passed on for another parser to read differently.
 */
export function parseParameters(text: string, parametersMax: number): ParsedParameters {
  const value = new Map<string, string[]>()
  if (text === '') return { ok: true, value }
  const pairs = text.split('&', parametersMax + 1)
  if (pairs.length > parametersMax) {
    return { ok: false, detail: `There are more than ${parametersMax} parameters.` }
  }
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const content = decode(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || content === undefined) {
      return { ok: false, detail: 'A parameter is not percent-encoded UTF-8.' }
    }
    if (isForbiddenName(name)) return { ok: false, detail: 'A parameter name is not accepted.' }
    const known = value.get(name)
    if (known === undefined) value.set(name, [content])
    else known.push(content)
  }
  return { ok: true, value }
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}
