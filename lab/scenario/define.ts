import { z } from 'zod'
import { LabError } from '../core/index.ts'
import type { Scenario, ScenarioSpec } from './spec.ts'
import { scenarioSchema } from './spec.ts'

/**
 * Declares a scenario; the default export of a scenario file.
 *
 * @throws LabError that names each mistake and where it is.
 *
 * @example
 *   export default defineScenario({
 *     name: 'reads and writes',
 *     requests: {
 *       read: { weight: 70, path: '/items/{{item.id}}' },
 *       write: { weight: 30, method: 'POST', path: '/items', body: { title: '{{item.title}}' } },
 *     },
 *     feeds: { item: { rows: [{ id: 1, title: 'one' }], pick: { kind: 'uniform' } } },
 *   })
 */
export function defineScenario(spec: ScenarioSpec): Scenario {
  return parseScenario(spec, 'scenario')
}

/** Checks the value that a file exported. */
export function parseScenario(value: unknown, source: string): Scenario {
  const parsed = scenarioSchema.safeParse(value)
  if (!parsed.success) {
    throw new LabError(`${source} is not a scenario:\n${z.prettifyError(parsed.error)}`)
  }
  const scenario = parsed.data
  const mistake = firstMistake(scenario)
  if (mistake !== undefined) throw new LabError(`${source}: ${mistake}`)
  return scenario
}

function firstMistake(scenario: Scenario): string | undefined {
  for (const [name, { steps }] of Object.entries(scenario.flows)) {
    for (const step of steps) {
      const request = typeof step === 'string' ? step : step.request
      if (!Object.hasOwn(scenario.requests, request)) {
        return `flow "${name}" uses request "${request}", which is not there`
      }
    }
  }
  const used = Object.values(scenario.requests).some(({ weight }) => weight > 0)
  if (!used && Object.keys(scenario.flows).length === 0) {
    return 'no request has a weight above 0, and there is no flow'
  }
  return Object.hasOwn(scenario.feeds, 'setup') ? 'a feed cannot be called "setup"' : undefined
}
