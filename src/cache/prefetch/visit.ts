/** A request of a caller, as far as a model of routes sees it. */
export interface Visit {
  readonly route: string
  /** Values of the path's parameters, in order. */
  readonly parameters: readonly string[]
  /** The query with its `?`; empty when there is none. */
  readonly query: string
}

/** A step that cannot be derived from the previous visit. */
export const UNTOLD = ''

const NO_QUERY = '-'
const SAME_QUERY = '='

/**
 * How a visit follows from the previous one: its route, where in the previous visit each of its parameters stood, and
 * whether its query is the same or empty. {@link UNTOLD} when it contains anything that the previous visit does not.
 *
 * So nothing that a caller wrote becomes part of what is learned: what one caller teaches can neither show its values
 * to another, nor make another ask for a value of its choosing.
 */
export function stepOf(from: Visit, to: Visit): string {
  const places = to.parameters.map((value) => from.parameters.indexOf(value))
  const query = to.query === '' ? NO_QUERY : to.query === from.query ? SAME_QUERY : undefined
  if (query === undefined || places.includes(-1)) return UNTOLD
  return `${query}${places.join('.')} ${to.route}`
}

/** The visit that a step leads to. */
export function visitAfter(from: Visit, step: string): Visit | undefined {
  const space = step.indexOf(' ')
  if (space === -1) return undefined
  const places = step.slice(1, space)
  const parameters = places === '' ? [] : places.split('.').map((at) => from.parameters[Number(at)])
  if (!parameters.every((value) => value !== undefined)) return undefined
  const query = step.startsWith(SAME_QUERY) ? from.query : ''
  return { route: step.slice(space + 1), parameters, query }
}
