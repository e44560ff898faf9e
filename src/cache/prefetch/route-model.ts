/** How likely a step is, from what was observed. */
export interface NextRoute {
  readonly route: string
  readonly probability: number
}

/** Which route follows which: a first-order Markov model, bounded. */
export interface RouteModel {
  /** Notes that `to` followed `from`. */
  observe(from: string, to: string): void
  /** What is likely to follow, the likeliest first. The empty text stands for steps that cannot be predicted. */
  predict(from: string): readonly NextRoute[]
  readonly routes: number
}

/** Bounds of a {@link RouteModel}. */
export interface RouteModelOptions {
  /** How many routes are told apart; further ones are not learned. */
  readonly routesMax: number
  /** How many followers of each route are remembered; the rarest gives way. */
  readonly followersMax: number
  /** Steps observed before anything is predicted. */
  readonly stepsMin: number
  /** Less likely steps are not predicted. */
  readonly probabilityMin: number
}

/** Defaults of {@link RouteModelOptions}. */
export const ROUTE_MODEL_DEFAULTS: RouteModelOptions = {
  routesMax: 1024,
  followersMax: 16,
  stepsMin: 20,
  probabilityMin: 0.4,
}

interface State {
  steps: number
  readonly followers: Map<string, number>
}

/** Steps of one route after which its counts are halved: habits change. */
const STEPS_MAX = 4096

/** Creates an empty {@link RouteModel}. */
export function createRouteModel(options: RouteModelOptions = ROUTE_MODEL_DEFAULTS): RouteModel {
  const { routesMax, followersMax, stepsMin, probabilityMin } = options
  const states = new Map<string, State>()
  return {
    observe(from, to) {
      let state = states.get(from)
      if (state === undefined) {
        if (states.size >= routesMax) return
        states.set(from, (state = { steps: 0, followers: new Map() }))
      }
      const { followers } = state
      if (!followers.has(to) && followers.size >= followersMax) dropRarest(followers)
      followers.set(to, (followers.get(to) ?? 0) + 1)
      state.steps += 1
      if (state.steps >= STEPS_MAX) halve(state)
    },
    predict(from) {
      const state = states.get(from)
      if (state === undefined || state.steps < stepsMin) return []
      return [...state.followers]
        .map(([route, count]) => ({ route, probability: count / state.steps }))
        .filter(({ route, probability }) => route !== '' && probability >= probabilityMin)
        .toSorted((a, b) => b.probability - a.probability)
    },
    get routes() {
      return states.size
    },
  }
}

function dropRarest(followers: Map<string, number>): void {
  let rarest: string | undefined
  let least = Infinity
  for (const [route, count] of followers) {
    if (count >= least) continue
    least = count
    rarest = route
  }
  if (rarest !== undefined) followers.delete(rarest)
}

function halve(state: State): void {
  state.steps /= 2
  for (const [route, count] of state.followers) {
    if (count < 2) state.followers.delete(route)
    else state.followers.set(route, count / 2)
  }
}
