/** Of a character beyond Latin-1 only the low byte would be sent, which may be a line feed. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Whether a value can stand in a header (RFC 9110 §5.5). */
export const isSound = (value: string): boolean => !FORBIDDEN_IN_VALUE.test(value)

/** Fields as lines, each with its CRLF; `undefined` when a value cannot stand in a header. */
export function fieldLines(
  fields: readonly (readonly [name: string, value: string])[],
): string | undefined {
  let lines = ''
  for (const [name, value] of fields) {
    if (!isSound(value)) return undefined
    lines += `${name}: ${value}\r\n`
  }
  return lines
}
