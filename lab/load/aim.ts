import type { World } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import type { ImportOptions, Scenario, ScenarioData } from '../scenario/index.ts'
import { openScenario, resolveScenario } from '../scenario/index.ts'
import { singleRequest } from './plan-load.ts'
import type { Target } from './target.ts'
import { isLoopback, readTarget } from './target.ts'

/** What to measure, as the options of an experiment describe it. */
export interface Aim {
  /** URL of the server; without a scenario, its path is requested. */
  readonly target: string
  readonly allowRemote: boolean
  /** Whether to accept certificates that cannot be verified. */
  readonly insecure: boolean
  /** Connect to these addresses instead of the one in the URL. */
  readonly addresses: readonly string[]
  /** Sent with every request that does not set them itself. */
  readonly headers: Readonly<Record<string, string>>
  /** Path of a scenario, a HAR file or an OpenAPI document; `null` for one request. */
  readonly scenario: string | null
  /** Methods to take from an OpenAPI document; empty for those that change nothing. */
  readonly methods: readonly string[]
  readonly method: string
  readonly body: string | null
  /** Environment variables for the setup of a scenario; they override the real ones. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Repeated GETs of a URL on this machine. */
export const plainAim = (target: string): Aim => ({
  target,
  allowRemote: false,
  insecure: false,
  addresses: [],
  headers: {},
  scenario: null,
  methods: [],
  method: 'GET',
  body: null,
})

/** An aim, resolved: what to send and where. */
export interface Aimed {
  readonly target: Target
  readonly scenario: ScenarioData
  /** The load that the scenario was written for. */
  readonly load: Scenario['load']
  /** What could not be imported from a document of another kind. */
  readonly skipped: readonly string[]
}

/** Opens the scenario, runs its setup and returns what is to be sent, and where. */
export async function takeAim(aim: Aim, world: World): Promise<Aimed> {
  const target = readTarget(aim.target, {
    allowRemote: aim.allowRemote,
    insecure: aim.insecure,
    ...(aim.addresses.length === 0 ? {} : { addresses: aim.addresses }),
  })
  const remote = target.hostnames.find((hostname) => !isLoopback(hostname))
  if (remote !== undefined) {
    world.progress.note(`${remote} is another machine: be sure that it is yours, or that you may`)
  }
  const { pathname, search } = new URL(aim.target)
  const { method, body, headers } = aim
  if (aim.scenario === null) {
    const request = { method, path: `${pathname}${search}`, headers }
    const scenario = singleRequest(body === null ? request : { ...request, body })
    return { target, scenario, load: {}, skipped: [] }
  }
  const options: ImportOptions = aim.methods.length === 0 ? {} : { methods: aim.methods }
  const { scenario, skipped } = await openScenario(aim.scenario, options)
  const data = await resolveScenario(scenario, {
    target: target.origin,
    environment: { ...process.env, ...aim.environment },
    random: world.random.fork('scenario'),
    readJson,
  })
  return { target, scenario: withHeaders(data, headers), load: scenario.load, skipped }
}

async function readJson(path: string): Promise<unknown> {
  const file = Bun.file(path)
  if (!(await file.exists())) throw new LabError(`${path} does not exist`)
  return file.json()
}

function withHeaders(
  scenario: ScenarioData,
  added: Readonly<Record<string, string>>,
): ScenarioData {
  const extra = Object.entries(added)
  if (extra.length === 0) return scenario
  const requests = scenario.requests.map(({ headers, ...request }) => {
    const names = new Set(headers.map(([name]) => name.toLowerCase()))
    const missing = extra.filter(([name]) => !names.has(name.toLowerCase()))
    return Object.assign(request, { headers: [...headers, ...missing] })
  })
  return { ...scenario, requests }
}
