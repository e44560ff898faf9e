/** Names that policies may use instead of spelling out a layout. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['ANSIC', 'Mon Jan _2 15:04:05 2006'],
  ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006'],
  ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006'],
  ['RFC822', '02 Jan 06 15:04 MST'],
  ['RFC822Z', '02 Jan 06 15:04 -0700'],
  ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST'],
  ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST'],
  ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700'],
  ['RFC3339', '2006-01-02T15:04:05Z07:00'],
  ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00'],
])

/** The elements of a layout, in the form of an example: the reference time is Mon Jan 2 15:04:05 MST 2006. */
const ELEMENTS =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|__2|_2(?!006)|3|4|5|PM|pm|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?!\d)/g

/** A piece of a layout: literal text, or an element that stands for part of a time. */
export interface LayoutPart {
  readonly kind: 'text' | 'element'
  readonly text: string
}

/** The layout that a name stands for, or the layout itself. */
export function layoutNamed(name: string): string {
  return NAMED.get(name) ?? name
}

/** Splits a layout (Go's `time` package) into its parts. */
export function layoutParts(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = []
  let last = 0
  for (const match of layout.matchAll(ELEMENTS)) {
    if (match.index > last) parts.push({ kind: 'text', text: layout.slice(last, match.index) })
    parts.push({ kind: 'element', text: match[0] })
    last = match.index + match[0].length
  }
  if (last < layout.length) parts.push({ kind: 'text', text: layout.slice(last) })
  return parts
}
