/** An item of a Structured Field list (RFC 9651 §3.1): a String with Parameters. */
export interface FieldItem {
  readonly value: string
  readonly parameters: Readonly<Record<string, number | string>>
}

const STRING = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/
const INTEGER = /^-?[0-9]{1,15}(?![0-9.])/
const KEY = /^[a-z*][a-z0-9_.*-]*/

/** Parses a list of Strings with parameters by RFC 9651 §4.2; throws where that algorithm fails. */
export function parseFieldList(text: string): readonly FieldItem[] {
  const reader = { rest: text }
  const take = (pattern: RegExp): string => {
    const found = pattern.exec(reader.rest)
    if (found === null) throw new SyntaxError(`expected ${String(pattern)} at: ${reader.rest}`)
    reader.rest = reader.rest.slice(found[0].length)
    return found[0]
  }
  const bare = (): number | string =>
    reader.rest.startsWith('"') ? take(STRING).slice(1, -1) : Number(take(INTEGER))
  const items: FieldItem[] = []
  while (reader.rest !== '') {
    const value = take(STRING).slice(1, -1)
    const parameters: Record<string, number | string> = {}
    while (reader.rest.startsWith(';')) {
      take(/^; */)
      const key = take(KEY)
      take(/^=/)
      parameters[key] = bare()
    }
    items.push({ value, parameters })
    if (reader.rest !== '') take(/^[ \t]*,[ \t]*(?=.)/)
  }
  return items
}
