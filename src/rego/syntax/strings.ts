const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * Resolves the escapes in the content of a string. A template string may also escape an opening brace. `undefined` if
 * an escape is not valid in the language.
 */
export function unescapeString(inner: string, template = false): string | undefined {
  if (!inner.includes('\\')) return hasControl(inner) ? undefined : inner
  if (hasControl(inner)) return undefined
  let out = ''
  for (let i = 0; i < inner.length; i++) {
    const char = inner.charAt(i)
    if (char !== '\\') {
      out += char
      continue
    }
    i++
    const next = inner.charAt(i)
    const simple = Object.hasOwn(SIMPLE, next) ? SIMPLE[next] : undefined
    if (simple !== undefined) out += simple
    else if (template && next === '{') out += next
    else if (next === 'u' && /^[0-9a-fA-F]{4}$/.test(inner.slice(i + 1, i + 5))) {
      out += String.fromCharCode(Number.parseInt(inner.slice(i + 1, i + 5), 16))
      i += 4
    } else return undefined
  }
  return replaceLoneSurrogates(out)
}

function hasControl(inner: string): boolean {
  for (let i = 0; i < inner.length; i++)
    if (inner.charCodeAt(i) < 0x20 && inner.charCodeAt(i) !== 9) return true
  return false
}

function replaceLoneSurrogates(text: string): string {
  return text.replaceAll(
    /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    '\uFFFD',
  )
}
