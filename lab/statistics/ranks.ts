/** Ranks from 1, ties sharing their mean rank, and the sum of t³ − t over groups of ties. */
export function ranksOf(values: ArrayLike<number>): {
  readonly ranks: Float64Array
  readonly tieTerm: number
} {
  const order = Array.from(values, (_, at) => at).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(values.length)
  let tieTerm = 0
  for (let from = 0; from < order.length;) {
    let to = from + 1
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1
    for (let at = from; at < to; at += 1) ranks[order[at]!] = (from + 1 + to) / 2
    tieTerm += (to - from) ** 3 - (to - from)
    from = to
  }
  return { ranks, tieTerm }
}
