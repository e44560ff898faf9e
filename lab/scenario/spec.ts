import { z } from 'zod'
import type { Json, Random } from '../core/index.ts'

/** What `setup` and the functions of feeds receive. */
export interface SetupContext {
  /** Origin of the server that is measured, such as `http://127.0.0.1:8080`. */
  readonly target: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly random: Random
  /** Reads a JSON file, relative to the current folder. */
  readonly readJson: (path: string) => Promise<unknown>
}

/** Makes the rows of a feed; called once, before the load. */
export type RowSource = (
  context: SetupContext & { readonly setup: Json },
) => Promise<readonly Json[]> | readonly Json[]

const weight = z.number().positive().max(1e6)
const name = z
  .string()
  .regex(/^[\w][\w .:/{}-]{0,99}$/, 'a name of letters, digits, spaces or -_.:/{}')
const ms = z.number().min(0).max(86_400_000)

const thinkTime = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), ms }),
  z.strictObject({ kind: z.literal('exponential'), meanMs: ms }),
  z.strictObject({ kind: z.literal('lognormal'), medianMs: ms, sigma: z.number().min(0).max(5) }),
])

const pick = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cycle') }),
  z.strictObject({ kind: z.literal('uniform') }),
  z.strictObject({ kind: z.literal('zipf'), exponent: z.number().positive().max(10) }),
  z.strictObject({
    kind: z.literal('hot'),
    draws: z.number().positive().max(1),
    rows: z.number().positive().max(1),
  }),
])

const statusClass = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)])

const checks = z.strictObject({
  status: z.union([statusClass, z.array(statusClass).min(1)]).optional(),
  bodyIncludes: z.string().min(1).optional(),
  bodyMatches: z.string().min(1).refine(isPattern, 'not a regular expression').optional(),
  json: z.record(z.string().regex(/^(\/.*)?$/, 'a JSON Pointer'), z.json()).optional(),
  headers: z
    .record(z.string(), z.string().refine(isPattern, 'not a regular expression'))
    .optional(),
})

const request = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/, 'a method in capital letters')
    .default('GET'),
  path: z.string().regex(/^\/[^\s#]*$/, 'a path that begins with / and has neither spaces nor #'),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().regex(/^[^\r\n\0]*$/))
    .default({}),
  /** Text as it is, anything else as JSON. */
  body: z.json().optional(),
  /** Share among the requests that are sent on their own; 0 for one that only flows use. */
  weight: z.number().min(0).max(1e6).default(1),
  tags: z.array(name).default([]),
  checks: checks.default({}),
  /** Name of a value to a JSON Pointer (`/token`) or a header (`header:location`) of the answer. */
  capture: z
    .record(z.string().regex(/^[\w-]+$/), z.string().regex(/^(\/.*|header:[\w-]+)$/))
    .default({}),
})

const flow = z.strictObject({
  weight: weight.default(1),
  /** Names of requests, each with an optional pause before it. */
  steps: z
    .array(z.union([name, z.strictObject({ request: name, think: thinkTime })]))
    .min(1)
    .max(1000),
})

const feed = z.strictObject({
  rows: z.union([
    z.array(z.json()).min(1),
    z.custom<RowSource>(
      (value) => typeof value === 'function',
      'rows, or a function that makes them',
    ),
  ]),
  pick: pick.default({ kind: 'cycle' }),
})

/** The load a scenario is meant for; the command line may override it. */
const load = z.strictObject({
  shape: z.string().optional(),
  rate: z.number().positive().optional(),
  users: z.int().positive().optional(),
  durationMs: ms.optional(),
  connectionsMax: z.int().positive().optional(),
  think: thinkTime.optional(),
  thresholds: z.array(z.string()).optional(),
})

export const scenarioSchema = z.strictObject({
  name,
  description: z.string().optional(),
  tags: z.array(name).default([]),
  /** Runs once, before the load; what it returns is `{{setup.…}}`. */
  setup: z
    .custom<(context: SetupContext) => Promise<Json> | Json>(
      (value) => typeof value === 'function',
      'a function',
    )
    .optional(),
  feeds: z.record(z.string().regex(/^[\w-]+$/), feed).default({}),
  requests: z
    .record(name, request)
    .refine((all) => Object.keys(all).length > 0, 'at least one request'),
  flows: z.record(name, flow).default({}),
  load: load.default({}),
})

/** A scenario as its author writes it. */
export type ScenarioSpec = z.input<typeof scenarioSchema>
/** A scenario with its defaults filled in. */
export type Scenario = z.output<typeof scenarioSchema>

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source.length > 0
  } catch {
    return false
  }
}
