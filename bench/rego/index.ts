import { compile, parseJson, stringifyJson } from '../../src/rego/index.ts'
import { measure, measureAsync } from './measure.ts'
import type { Quantiles } from './measure.ts'
import { largePolicy, SCENARIOS as ALL } from './policies.ts'
import type { Scenario } from './policies.ts'
import { opaServer, opaWasm } from './rivals.ts'
import { gateVerdicts } from './verdicts.ts'
import type { Rival } from './rivals.ts'

/** One line of the report. */
interface Row extends Quantiles {
  readonly policy: string
  readonly input: string
  readonly engine: string
  readonly inFlight: number
}

const BUDGET_MS = 60
/** `--only=TEXT` measures only the policies whose names contain the text. */
const only = process.argv.find((word) => word.startsWith('--only='))?.slice('--only='.length)
const SCENARIOS = ALL.filter(({ name }) => only === undefined || name.includes(only))
const IN_FLIGHT = [1, 10, 100, 1000] as const
const rows: Row[] = []
const notes: string[] = []

function own(scenario: Scenario): void {
  const { name: policy, module, data, entry, inputs } = scenario
  for (const backend of ['source', 'closures'] as const) {
    const decide = compile({ modules: { 'p.rego': module }, data, backend }).prepare(entry)
    for (const [name, input] of Object.entries(inputs)) {
      const result = measure(() => decide(input), BUDGET_MS)
      rows.push({ policy, input: name, engine: backend, inFlight: 1, ...result })
    }
  }
  const [name, input] = Object.entries(inputs)[0]!
  const text = stringifyJson(input)
  rows.push({
    policy,
    input: `${name}: JSON.parse`,
    engine: 'parse',
    inFlight: 1,
    ...measure(() => JSON.parse(text), BUDGET_MS),
  })
  rows.push({
    policy,
    input: `${name}: parseJson`,
    engine: 'parse',
    inFlight: 1,
    ...measure(() => parseJson(text), BUDGET_MS),
  })
}

async function concurrent(scenario: Scenario): Promise<void> {
  const { name: policy, module, data, entry, inputs } = scenario
  const prepared = compile({ modules: { 'p.rego': module }, data })
  const input = inputs['allow']!
  for (const inFlight of IN_FLIGHT) {
    const run = (): Promise<unknown> => prepared.evaluateAsync(entry, input)
    rows.push({
      policy,
      input: 'allow, async',
      engine: 'source',
      inFlight,
      ...(await measureAsync(run, inFlight, BUDGET_MS)),
    })
  }
}

async function against(rival: Rival, scenarios: readonly Scenario[]): Promise<void> {
  for (const scenario of scenarios) {
    for (const [name, input] of Object.entries(scenario.inputs)) {
      const run = await rival.decide(scenario, input)
      if (run === undefined) {
        notes.push(`${rival.name} cannot decide: ${scenario.name}`)
        break
      }
      const about = { policy: scenario.name, input: name, engine: rival.name }
      if (rival.isSync) {
        rows.push({ ...about, inFlight: 1, ...measure(run, BUDGET_MS) })
        continue
      }
      const ask = async (): Promise<unknown> => run()
      for (const inFlight of name === 'allow' ? IN_FLIGHT : [1]) {
        await measureAsync(ask, inFlight, BUDGET_MS / 3)
        rows.push({ ...about, inFlight, ...(await measureAsync(ask, inFlight, BUDGET_MS)) })
      }
    }
  }
  await rival.close()
}

function large(): void {
  const scenario = largePolicy(10_000_000)
  const start = performance.now()
  const policy = compile({ modules: { 'p.rego': scenario.module } })
  const compiled = performance.now()
  const decide = policy.prepare(scenario.entry)
  const prepared = performance.now()
  notes.push(
    `${scenario.name}: compiled in ${(compiled - start).toFixed(0)} ms, prepared in ${(prepared - compiled).toFixed(0)} ms`,
  )
  for (const [name, input] of Object.entries(scenario.inputs)) {
    rows.push({
      policy: scenario.name,
      input: name,
      engine: 'source',
      inFlight: 1,
      ...measure(() => decide(input), BUDGET_MS),
    })
  }
}

function heap(): void {
  const scenario = ALL[0]!
  const decide = compile({ modules: { 'p.rego': scenario.module }, data: scenario.data }).prepare(
    scenario.entry,
  )
  const inputs = Object.values(scenario.inputs)
  for (let i = 0; i < 100_000; i++) decide(inputs[i % inputs.length])
  Bun.gc(true)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 1_000_000; i++) decide(inputs[i % inputs.length])
  Bun.gc(true)
  const grown = process.memoryUsage().heapUsed - before
  notes.push(`a million decisions changed the heap by ${(grown / 1024).toFixed(1)} KiB`)
}

function duration(ns: number): string {
  return ns < 1000
    ? `${ns.toFixed(0)} ns`
    : ns < 1e6
      ? `${(ns / 1000).toFixed(2)} µs`
      : `${(ns / 1e6).toFixed(2)} ms`
}

function table(): string {
  const header = ['policy', 'input', 'engine', 'in flight', 'p50', 'p95', 'decisions/s']
  const lines = rows.map((row) => [
    row.policy,
    row.input,
    row.engine,
    String(row.inFlight),
    duration(row.p50Ns),
    duration(row.p95Ns),
    Math.round(row.perSecond).toLocaleString('en'),
  ])
  return aligned([header, ...lines])
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One line per policy: the time of each engine for a decision, also as a multiple of ours. */
function comparison(): string {
  const header = ['policy', 'input', 'tollgate', 'opa over HTTP', 'times', 'opa-wasm', 'times']
  const own = rows.filter(
    ({ engine, inFlight, input }) =>
      engine === 'source' && inFlight === 1 && input !== 'allow, async',
  )
  const lines = own.map(({ policy, input, p50Ns }) => {
    const cells = ['opa over HTTP', 'opa-wasm'].flatMap((name) => {
      const rival = rows.find(
        (row) =>
          row.engine === name && row.policy === policy && row.input === input && row.inFlight === 1,
      )
      if (rival === undefined) return ['', '']
      return [duration(rival.p50Ns), (rival.p50Ns / p50Ns).toFixed(0)]
    })
    return [policy, input, duration(p50Ns)].concat(cells)
  })
  return aligned([header, ...lines])
}

/** Measures a large policy in a process of its own, so that all memory there is its own. */
function memory(): void {
  const script = new URL('memory.ts', import.meta.url).pathname
  const { stdout } = Bun.spawnSync([process.execPath, script])
  notes.push(`a policy of 10 MB in a process of its own: ${stdout.toString().trim()}`)
}

/** Measurements that do not concern a single policy of the list. */
async function others(): Promise<void> {
  await concurrent(ALL[0]!)
  large()
  heap()
  memory()
  for (const [name, { p50Ns, p95Ns }] of gateVerdicts(BUDGET_MS)) {
    notes.push(`${name}: p50 ${duration(p50Ns)}, p95 ${duration(p95Ns)}`)
  }
}

async function main(): Promise<void> {
  for (const scenario of SCENARIOS) own(scenario)
  if (only === undefined) await others()
  const server = await opaServer(SCENARIOS)
  if (server === undefined) notes.push('no `opa` on the PATH: not compared with OPA over HTTP')
  else await against(server, SCENARIOS)
  const wasm = await opaWasm()
  if (wasm === undefined)
    notes.push(
      '`@open-policy-agent/opa-wasm` (with `opa` to build for it) is not there: not compared',
    )
  else await against(wasm, SCENARIOS)
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ rows, notes }, null, 2)}\n`)
  else process.stdout.write(`${table()}\n\n${comparison()}\n\n${notes.join('\n')}\n`)
}

await main()
