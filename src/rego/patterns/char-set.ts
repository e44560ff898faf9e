/** A set of code points: sorted, disjoint, inclusive ranges. */
export type CharSet = readonly (readonly [from: number, to: number])[]

/** The last code point. */
const CODE_POINT_MAX = 0x10ffff

/** Every code point. */
export const ALL: CharSet = [[0, CODE_POINT_MAX]]

/** No code point. */
export const NONE: CharSet = []

/** The set made of any number of ranges. */
export function charSet(ranges: CharSet): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** The code points in either set. */
export const union = (a: CharSet, b: CharSet): CharSet => charSet([...a, ...b])

/** The code points not in the set. */
export function complement(set: CharSet): CharSet {
  const gaps: [number, number][] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) gaps.push([next, from - 1])
    next = to + 1
  }
  if (next <= CODE_POINT_MAX) gaps.push([next, CODE_POINT_MAX])
  return gaps
}

/** Whether no code point is in both sets. */
export function areDisjoint(a: CharSet, b: CharSet): boolean {
  let left = 0
  let right = 0
  while (left < a.length && right < b.length) {
    const [aFrom, aTo] = a[left]!
    const [bFrom, bTo] = b[right]!
    if (aFrom <= bTo && bFrom <= aTo) return false
    if (aTo < bTo) left++
    else right++
  }
  return true
}

const WORD: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const DIGIT: CharSet = [[0x30, 0x39]]
// ECMA-262 WhiteSpace and LineTerminator.
const SPACE: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]

/** The sets that a letter after a backslash stands for. */
export const CLASS_ESCAPES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
}

/** What `.` matches: everything but line terminators. */
export const DOT: CharSet = complement([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
])
