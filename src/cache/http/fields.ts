/** Reads a header field: all its values joined by `, ` (RFC 9110 §5.3), or `null`. `Headers` is one. */
export interface FieldReader {
  get(name: string): string | null
}

/** One header field: the name in lowercase, the value without whitespace around it. */
export type Field = readonly [name: string, value: string]

/** Header fields in the order they came. */
export type Fields = readonly Field[]

/** Reads {@link Fields} by name. */
export function readFields(fields: Fields): FieldReader {
  return {
    get(name) {
      let value: string | null = null
      for (const [each, text] of fields) {
        if (each === name) value = value === null ? text : `${value}, ${text}`
      }
      return value
    },
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether `text` is a token, which all field names are (RFC 9110 §5.6.2). */
export const isToken = (text: string): boolean => TOKEN.test(text)

/** The members of a comma-separated list without quoted strings, lowercase; empty ones left out. */
export function listOf(value: string | null): string[] {
  if (value === null) return []
  const members: string[] = []
  for (const part of value.split(',')) {
    const member = part.trim().toLowerCase()
    if (member !== '') members.push(member)
  }
  return members
}
