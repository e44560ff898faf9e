/**
 * Probabilities adjusted for the number of tests (Holm 1979). Each may be compared with the level for
 * all tests together, however they depend on each other.
 */
export function holm(probabilities: readonly number[]): readonly number[] {
  const order = probabilities
    .map((_, at) => at)
    .sort((a, b) => probabilities[a]! - probabilities[b]!)
  const adjusted = Array.from<number>({ length: probabilities.length })
  let largest = 0
  for (const [rank, at] of order.entries()) {
    largest = Math.max(largest, Math.min(1, probabilities[at]! * (probabilities.length - rank)))
    adjusted[at] = largest
  }
  return adjusted
}
