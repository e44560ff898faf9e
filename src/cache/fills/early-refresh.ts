/** Earlier than this many times the cost before the end, the chance of an early refresh is below 10⁻⁸. */
const REACH = 20

/**
 * Decides by chance whether to refresh before the end: the nearer the end and the costlier the load, the likelier. So
 * one of many callers refreshes, and the others never see the entry expire. XFetch: Vattani, Chierichetti and
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
