import type { RE2JS } from 're2js'

/** A match: where it starts and ends, and its groups, the whole match first. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly groups: readonly (string | null)[]
}

/**
 * The nonoverlapping matches, from left to right; an empty match directly after another is left out.
 * @param countMax the most matches to find; negative for all.
 */
export function findAll(program: RE2JS, text: string, countMax: number): Match[] {
  const limit = countMax < 0 ? Infinity : countMax
  const found: Match[] = []
  const matcher = program.matcher(text)
  let position = 0
  let previousEnd = -1
  while (found.length < limit && position <= text.length && matcher.find(position)) {
    const [start, end] = [matcher.start(), matcher.end()]
    const repeated = end === position && start === previousEnd
    if (!repeated) {
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i))
      found.push({ start, end, groups })
    }
    position =
      end > position ? end : position + ((text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1)
    previousEnd = end
  }
  return found
}

/** The pieces between the matches. */
export function splitAt(program: RE2JS, text: string): string[] {
  if (text === '') return ['']
  const pieces: string[] = []
  let begin = 0
  let end = 0
  for (const match of findAll(program, text, -1)) {
    end = match.start
    if (match.end !== 0) pieces.push(text.slice(begin, end))
    begin = match.end
  }
  if (end !== text.length) pieces.push(text.slice(begin))
  return pieces
}

/** Replaces every match; `$1`, `$name`, `${name}` stand for groups and `$$` for a dollar sign. */
export function replaceMatches(program: RE2JS, text: string, template: string): string {
  const names: Readonly<Record<string, number>> = program.namedGroups()
  const output: string[] = []
  let last = 0
  for (const match of findAll(program, text, -1)) {
    output.push(text.slice(last, match.start), expand(template, match, names))
    last = match.end
  }
  return output.join('') + text.slice(last)
}

function expand(
  template: string,
  { groups }: Match,
  names: Readonly<Record<string, number>>,
): string {
  return template.replace(
    /\$(?:(\$)|\{(\w+)\}|(\w+))/g,
    (_, dollar?: string, braced?: string, bare?: string) => {
      if (dollar !== undefined) return '$'
      const name = braced ?? bare ?? ''
      const index = /^\d+$/.test(name)
        ? Number(name)
        : Object.hasOwn(names, name)
          ? names[name]!
          : -1
      return groups[index] ?? ''
    },
  )
}
