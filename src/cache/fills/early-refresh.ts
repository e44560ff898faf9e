/** Beyond so many times its cost before the end, an early refresh has a chance of less than 10⁻⁸. */
const REACH = 20

/**
 * Whether to refresh before the end, by chance: the nearer the end and the dearer the load, the likelier;
 * so one of many askers refreshes and the others never see it expire. XFetch: Vattani, Chierichetti and
 * Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
 *
 * @param remainingMs until it is stale
 * @param costMs that the last load took
 * @param beta eagerness; 1 is optimal, 0 never
 * @param fraction draws a number in [0, 1)
 */
export function isRefreshedEarly(
  remainingMs: number,
  costMs: number,
  beta: number,
  fraction: () => number,
): boolean {
  const scaleMs = costMs * beta
  if (remainingMs > scaleMs * REACH) return false
  return -Math.log(1 - fraction()) * scaleMs >= remainingMs && beta > 0
}
