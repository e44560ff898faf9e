import type { Json } from '../core/index.ts'
import type { Pick } from './pick.ts'

/** A scenario as workers receive it, here or on another machine: data without code. */
export interface ScenarioData {
  readonly name: string
  readonly tags: readonly string[]
  readonly requests: readonly RequestData[]
  readonly flows: readonly FlowData[]
  readonly feeds: Readonly<Record<string, FeedData>>
}

/** A request with placeholders for values. */
export interface RequestData {
  readonly name: string
  readonly tags: readonly string[]
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
  /** Whether values are inserted into the body as JSON. */
  readonly bodyIsJson: boolean
  readonly checks: Checks
  readonly captures: readonly Capture[]
}

/** What an answer must satisfy; each check that fails is a failure of its own kind. */
export interface Checks {
  /** Status codes, `2xx` for a class. */
  readonly status: readonly (number | string)[]
  readonly bodyIncludes?: string
  /** A regular expression that must match the body. */
  readonly bodyMatches?: string
  /** JSON Pointer (RFC 6901) to the value that must be there. */
  readonly json?: Readonly<Record<string, Json>>
  /** Header name to a regular expression that its value must match. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A value taken from an answer for the requests that follow in the same flow. */
export interface Capture {
  readonly name: string
  readonly from: { readonly json: string } | { readonly header: string }
}

/** A sequence of requests that a user sends. */
export interface FlowData {
  readonly name: string
  readonly weight: number
  readonly steps: readonly StepData[]
}

/** One request of a flow, and how long the user thinks before it. */
export interface StepData {
  /** Index into the requests. */
  readonly request: number
  readonly think?: ThinkTime
}

/** How long a user thinks, in milliseconds. */
export type ThinkTime =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  /** `sigma` is the standard deviation of the logarithm. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }

/** Rows of values, and how they are drawn. */
export interface FeedData {
  readonly rows: readonly Json[]
  readonly pick: Pick
}
