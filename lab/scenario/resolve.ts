import { LabError } from '../core/index.ts'
import type { Capture, FlowData, RequestData, ScenarioData } from './data.ts'
import type { Scenario, SetupContext } from './spec.ts'
import { parseTemplate } from './template.ts'

const ROWS_MAX = 1_000_000
const ANY_SUCCESS = ['2xx', '3xx'] as const

/**
 * Runs `setup`, makes the rows of feeds and returns the scenario as data that any worker can use.
 *
 * @throws LabError if `setup` or a feed fails, or if a placeholder in a request can never have a value.
 */
export async function resolveScenario(
  scenario: Scenario,
  context: SetupContext,
): Promise<ScenarioData> {
  const setup = await explain('setup', async () => (await scenario.setup?.(context)) ?? null)
  const feeds: Record<string, ScenarioData['feeds'][string]> = {
    setup: { rows: [setup], pick: { kind: 'cycle' } },
  }
  for (const [name, { rows, pick }] of Object.entries(scenario.feeds)) {
    const made =
      typeof rows === 'function'
        ? await explain(`feed "${name}"`, async () => [...(await rows({ ...context, setup }))])
        : rows
    if (made.length === 0 || made.length > ROWS_MAX) {
      throw new LabError(`feed "${name}" has ${made.length} rows; 1 to ${ROWS_MAX} are possible`)
    }
    feeds[name] = { rows: made, pick }
  }
  const entries = Object.entries(scenario.requests)
  const requests = entries.map(([name, request]) => toData(name, request))
  const indexOf = new Map(entries.map(([name], at) => [name, at]))
  const alone: FlowData[] = entries.flatMap(([name, { weight }], at) =>
    weight > 0 ? { name, weight, steps: [{ request: at }] } : [],
  )
  const flows: FlowData[] = Object.entries(scenario.flows).map(([name, { weight, steps }]) => ({
    name,
    weight,
    steps: steps.map((step) =>
      typeof step === 'string'
        ? { request: indexOf.get(step)! }
        : { request: indexOf.get(step.request)!, think: step.think },
    ),
  }))
  const data = {
    name: scenario.name,
    tags: scenario.tags,
    requests,
    flows: [...alone, ...flows],
    feeds,
  }
  requireValues(data)
  return data
}

async function explain<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new LabError(`${what} failed: ${message}`)
  }
}

function toData(name: string, request: Scenario['requests'][string]): RequestData {
  const { body } = request
  const bodyIsJson = body !== undefined && typeof body !== 'string'
  const headers = Object.entries(request.headers)
  const named = new Set(headers.map(([key]) => key.toLowerCase()))
  const type =
    bodyIsJson && !named.has('content-type') ? [['content-type', 'application/json'] as const] : []
  const { status, ...others } = request.checks
  return {
    name,
    tags: request.tags,
    method: request.method,
    path: request.path,
    headers: [...type, ...headers],
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    bodyIsJson,
    checks: {
      status: status === undefined ? ANY_SUCCESS : Array.isArray(status) ? status : [status],
      ...definedOnly(others),
    },
    captures: Object.entries(request.capture).map(([key, from]): Capture => ({
      name: key,
      from: from.startsWith('header:') ? { header: from.slice(7).toLowerCase() } : { json: from },
    })),
  }
}

/** Omits undefined properties, as `exactOptionalPropertyTypes` requires. */
function definedOnly<T extends object>(
  value: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}

/** Every placeholder must be a feed, or captured by an earlier step of each flow that uses the request. */
function requireValues({ flows, requests, feeds }: ScenarioData): void {
  for (const flow of flows) {
    const known = new Set(Object.keys(feeds))
    for (const step of flow.steps) {
      const request = requests[step.request]!
      for (const root of rootsOf(request)) {
        if (known.has(root)) continue
        throw new LabError(
          `request "${request.name}" needs {{${root}}}, which is no feed and not captured before it in "${flow.name}"`,
        )
      }
      for (const { name } of request.captures) known.add(name)
    }
  }
}

/** The feeds and captured values that a request needs. */
export function rootsOf(request: RequestData): string[] {
  const templates = [
    parseTemplate(request.path, 'path'),
    ...request.headers.map(([, value]) => parseTemplate(value, 'header')),
    parseTemplate(request.body ?? '', request.bodyIsJson ? 'json' : 'text'),
    parseTemplate(request.checks.bodyIncludes ?? '', 'text'),
  ]
  return [...new Set(templates.flatMap(({ roots }) => roots))]
}
