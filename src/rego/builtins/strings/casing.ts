const ASCII_ONLY = /^[\0-\x7f]*$/

/**
 * Maps each character by itself to lower case, as Go does: no context (final sigma), no expansion.
 */
export function toLower(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  return Array.from(text, (character) => Array.from(character.toLowerCase())[0] ?? character).join(
    '',
  )
}

/** Maps each character by itself to upper case; a character that would become several (`ß`) stays. */
export function toUpper(text: string): string {
  if (isAscii(text)) return text.toUpperCase()
  return Array.from(text, (character) => {
    const upper = character.toUpperCase()
    return Array.from(upper).length === 1 ? upper : character
  }).join('')
}

/** Whether every character is ASCII. */
export function isAscii(text: string): boolean {
  return ASCII_ONLY.test(text)
}
