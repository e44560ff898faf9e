import { compile, format, RegoError, toTermText } from '../../src/rego/index.ts'
import type { CompileOptions, Value } from '../../src/rego/index.ts'
import { ProgramGenerator, seededRandom } from '../../test/conformance/rego-programs.ts'

/**
 * Fuzzes the parser and both back ends for some minutes: `fuzz.ts [minutes] [seed]`. Every failure is
 * printed with the seed that reproduces it; the exit code is then 1.
 */
const minutes = Number(process.argv[2] ?? '1')
const firstSeed = Number(process.argv[3] ?? String(Math.floor(performance.timeOrigin) % 2 ** 31))
const STEPS = 100_000
const SLOW_MS = 5000

function outcome(options: CompileOptions, input: Value): string {
  try {
    const value = compile({ ...options, steps: STEPS }).evaluate('data.t', input)
    return value === undefined ? 'undefined' : toTermText(value)
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    const { code } = error
    return code === 'eval_conflict_error' || code === 'eval_cancel_error' ? code : error.message
  }
}

/** Damages a source at some places. */
function mutate(source: string, seed: number): string {
  const random = seededRandom(seed)
  let text = source
  for (let i = 0; i < 1 + random() * 4; i++) {
    const at = Math.floor(random() * text.length)
    const from = Math.floor(random() * text.length)
    const piece = text.slice(from, from + Math.floor(random() * 12))
    text =
      text.slice(0, at) + (random() < 0.5 ? piece : '') + text.slice(at + Math.floor(random() * 6))
  }
  return text
}

function check(seed: number): string | undefined {
  const { source, data, input } = new ProgramGenerator(seed).generate()
  const modules = { 't.rego': source }
  const generated = outcome({ modules, data }, input)
  const closures = outcome({ modules, data, backend: 'closures' }, input)
  if (generated !== closures) return `back ends disagree:\n${generated}\n${closures}\n${source}`
  const printed = format('t.rego', source)
  if (format('t.rego', printed) !== printed) return `formatting is not stable:\n${source}`
  const damaged = mutate(source, seed)
  const first = outcome({ modules: { 't.rego': damaged }, data }, input)
  const second = outcome({ modules: { 't.rego': damaged }, data, backend: 'closures' }, input)
  return first === second ? undefined : `back ends disagree:\n${first}\n${second}\n${damaged}`
}

const stop = performance.now() + minutes * 60_000
let failures = 0
let seed = firstSeed
process.stdout.write(`first seed ${String(firstSeed)}, ${String(minutes)} minutes\n`)
for (; performance.now() < stop && failures < 10; seed++) {
  const start = performance.now()
  let problem: string | undefined
  try {
    problem = check(seed)
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : 'crash'
  }
  if (performance.now() - start > SLOW_MS) problem ??= 'slow'
  if (problem === undefined) continue
  failures++
  process.stdout.write(`seed ${String(seed)}: ${problem}\n`)
}
process.stdout.write(`${String(seed - firstSeed)} programs, ${String(failures)} failures\n`)
process.exitCode = failures === 0 ? 0 : 1
