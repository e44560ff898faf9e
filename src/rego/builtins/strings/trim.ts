const WHITE_SPACE = /\p{White_Space}/u

/** Removes leading characters that the test accepts. */
export function trimStart(text: string, test: (character: string) => boolean): string {
  let start = 0
  for (const character of text) {
    if (!test(character)) break
    start += character.length
  }
  return text.slice(start)
}

/** Removes trailing characters that the test accepts. */
export function trimEnd(text: string, test: (character: string) => boolean): string {
  let end = text.length
  while (end > 0) {
    const low = text.charCodeAt(end - 1)
    const size = low >= 0xdc00 && low < 0xe000 && end > 1 ? 2 : 1
    if (!test(text.slice(end - size, end))) break
    end -= size
  }
  return text.slice(0, end)
}

/** Whether the character is white space in Unicode's sense. */
export function isSpace(character: string): boolean {
  return WHITE_SPACE.test(character)
}

/** A test for the characters of a cut set. */
export function within(cutset: string): (character: string) => boolean {
  const characters = new Set(cutset)
  return (character) => characters.has(character)
}
