/** Text that is already markup. Only `markup` makes it, so all other text is escaped. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may be interpolated into a template. `false`, `null` and `undefined` render as nothing. */
export type Part = Markup | string | number | false | null | undefined | readonly Part[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes for text and for quoted attributes, in HTML and in XML; drops what XML 1.0 forbids. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[&<>"']/g, (found) => ESCAPES[found] ?? '')
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text
  if (typeof part === 'string') return escapeMarkup(part)
  if (typeof part === 'number') return String(part)
  return part === false || part === null || part === undefined ? '' : part.map(render).join('')
}

/** Builds markup; interpolated text is escaped, markup and lists of it are inserted unchanged. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, next, at) => text + render(parts[at - 1]) + next))
}

/** Numbers in coordinates: two decimals, no trailing zeros. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100)
}
