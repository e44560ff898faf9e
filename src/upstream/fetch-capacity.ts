/**
 * Bun's fetch carries at most 256 requests at once in the whole process, unless this variable says
 * otherwise when the process starts: setting it from within comes too late. Without it, one hanging
 * upstream delays all others.
 */
export const FETCH_CAPACITY_VARIABLE = 'BUN_CONFIG_MAX_HTTP_REQUESTS'

/** The value a launcher sets: the largest Bun takes. Bulkheads bound each upstream instead. */
export const FETCH_CAPACITY = 65_535

/**
 * What is wrong with the capacity of the process for upstreams that may have `inFlightMax` requests in
 * flight together; `undefined` when nothing is.
 *
 * @param value the value of {@link FETCH_CAPACITY_VARIABLE} at the start of the process.
 */
export function fetchCapacityProblem(
  value: string | undefined,
  inFlightMax: number,
): string | undefined {
  const capacity = value === undefined || !/^\d+$/.test(value) ? 256 : Number(value)
  if (capacity > inFlightMax) return undefined
  return (
    `fetch carries ${capacity} requests at once, but the upstreams may need ${inFlightMax}: ` +
    `start the process with ${FETCH_CAPACITY_VARIABLE}=${FETCH_CAPACITY}`
  )
}
