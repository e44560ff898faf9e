import type { RouteAhead } from './ahead.ts'
import type { TallyRoute } from '../signals/index.ts'
import type { Stage } from './stage.ts'

/** A route, compiled: the stages its configuration asks for, in the order of the path. */
export interface Route {
  readonly id: string
  /** The path pattern, by which metrics and the audit log name the route. */
  readonly template: string
  readonly stages: readonly Stage[]
  /** How its requests are counted. */
  readonly tally: TallyRoute
  /** The action under which its requests are recorded: the required permission, or else the route's id. */
  readonly action: string
  readonly audited: boolean
  /** How its responses are fetched ahead, where its configuration asks for that. */
  readonly ahead?: RouteAhead | undefined
}
