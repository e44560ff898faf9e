const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether any object within `text`, which is valid JSON, has a duplicate name. */
export function hasDuplicateKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = stringEnd(text, at + 1)
      const names = open.at(-1)
      if (names !== undefined && isFollowedByColon(text, end + 1)) {
        const name = decodeName(text.slice(at, end + 1))
        if (names.has(name)) return true
        names.add(name)
      }
      at = end
    } else if (code === 0x7b) open.push(new Set())
    else if (code === 0x5b) open.push(undefined)
    else if (code === 0x7d || code === 0x5d) open.pop()
    at++
  }
  return false
}

/** The position of the closing quote of the string that began before `at`. */
function stringEnd(text: string, at: number): number {
  let next = at
  while (next < text.length && text.charCodeAt(next) !== QUOTE) {
    next += text.charCodeAt(next) === BACKSLASH ? 2 : 1
  }
  return next
}

/** In valid JSON, only a member's name is followed by a colon. */
function isFollowedByColon(text: string, at: number): boolean {
  let next = at
  while (' \t\n\r'.includes(text.charAt(next)) && next < text.length) next++
  return text.charAt(next) === ':'
}

const decodeName = (quoted: string): string =>
  quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
