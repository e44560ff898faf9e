import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anonymousCaller, newCaller } from '../../src/core/caller.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemRandom } from '../../src/core/random.ts'
import type { RequestFacts } from '../../src/policy/index.ts'
import { policiesConfig } from '../../src/policy/index.ts'
import { createDeciders } from '../../src/policy/with-rego.ts'
import type { Quantiles } from './measure.ts'
import { measure } from './measure.ts'

const POLICY = `package app

default allow := false

allow if {
	input.request.method == "GET"
	input.resource.owner == input.tenant
}

allow if {
	input.request.method == "POST"
	data.tollgate.granted("scene:write")
	input.request.headers["x-team"] == input.tenant
}

slow if {
	input.request.method == "GET"
	count([x | some x in numbers.range(1, 200); x % 7 == count(input.tenant)]) > 0
	input.resource.owner == input.tenant
}
`

/** The cost of a policy as the gate uses it: making the input and deciding, or finding a cached verdict. */
export function gateVerdicts(budgetMs: number): readonly (readonly [string, Quantiles])[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-verdicts-'))
  const path = join(folder, 'app.rego')
  writeFileSync(path, POLICY)
  const facts: RequestFacts = {
    caller: newCaller({ ...anonymousCaller, kind: 'key', id: 'key_1', tenantId: 'acme' }),
    method: 'GET',
    path: '/scenes/acme',
    query: '?tag=a',
    request: { headers: new Headers({ 'x-team': 'acme' }) },
    parameters: { owner: 'acme' },
    body: undefined,
    address: '192.0.2.1',
    nowMs: 1,
    requestId: 'req_1',
    route: { id: 'r' },
  }
  const nothing = (): void => undefined
  const ask = (rule: string, verdicts: number | 'auto'): Quantiles => {
    const entry = `data.app.${rule}`
    const config = policiesConfig.parse({
      p: { entry, paths: [path], headers: ['x-team'], verdicts },
    })
    const { deciders } = createDeciders(config, {
      clock: systemClock,
      random: systemRandom,
      keep: {},
      onFailure: nothing,
      onChange: nothing,
      onLoaded: nothing,
      onRefused: nothing,
      onLoss: nothing,
    })
    const decider = deciders.get('p')
    return measure(() => decider?.decide(facts, false), budgetMs)
  }
  try {
    return (['allow', 'slow'] as const).flatMap((rule) =>
      ([0, 1000, 'auto'] as const).map((verdicts) => {
        const name = rule === 'allow' ? 'cheap policy in the gate' : 'dear policy in the gate'
        return [`${name}, verdicts: ${String(verdicts)}`, ask(rule, verdicts)] as const
      }),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
