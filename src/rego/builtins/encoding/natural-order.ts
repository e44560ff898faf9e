const LETTER = /\p{L}/u

/** Orders keys as people do: runs of digits by their number (`a2` before `a10`), letters after other characters. */
export function compareNaturally(a: string, b: string): number {
  const partsA = a.match(/\d+|\D/gu) ?? []
  const partsB = b.match(/\d+|\D/gu) ?? []
  for (let i = 0; i < Math.min(partsA.length, partsB.length); i++) {
    const x = partsA[i]!
    const y = partsB[i]!
    if (x !== y) return compareParts(x, y)
  }
  return partsA.length - partsB.length
}

function compareParts(x: string, y: string): number {
  const letterX = LETTER.test(x)
  const letterY = LETTER.test(y)
  if (letterX !== letterY) return letterX ? 1 : -1
  if (/^\d/.test(x) && /^\d/.test(y)) {
    const difference = BigInt(x) - BigInt(y)
    if (difference !== 0n) return difference < 0n ? -1 : 1
    return x.length - y.length
  }
  return x < y ? -1 : 1
}
