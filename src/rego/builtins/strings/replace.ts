/**
 * Replaces several strings at once: at each place, the first matching pair wins, and replacements are not searched
 * again. An empty old string matches before every character and at the end.
 */
export function replaceAll(text: string, pairs: readonly (readonly [string, string])[]): string {
  const result: string[] = []
  let last = 0
  let position = 0
  let emptyBefore = false
  while (position <= text.length) {
    const pair = pairs.find(
      ([old]) => !(old === '' && emptyBefore) && text.startsWith(old, position),
    )
    emptyBefore = pair?.[0] === ''
    if (pair === undefined) {
      position += (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1
      continue
    }
    result.push(text.slice(last, position), pair[1])
    position += pair[0].length
    last = position
  }
  return result.join('') + text.slice(last)
}
