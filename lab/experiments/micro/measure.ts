import { join } from 'node:path'
import type { Random, World } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import type { MicroCase } from './define.ts'
import { nameOfDifference } from './estimate.ts'
import { loadCases } from './load-cases.ts'
import type { MicroOptions, MicroRaw, MicroRun } from './raw.ts'

const PROCESS = join(import.meta.dirname, 'process.ts')

/** Times every case in several processes, in random order. */
export async function measureMicro(options: MicroOptions, world: World): Promise<MicroRaw> {
  const cases = (await loadCases(options.file)).filter(
    ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
  )
  if (cases.length === 0) throw new LabError('no case has such a name')
  const names = cases.flatMap((each) => namesOf(each, cases))
  const unknown = options.budgets.find(({ name }) => !names.includes(name))
  if (unknown !== undefined) {
    throw new LabError(
      `${unknown.text}: nothing is called "${unknown.name}", but ${names.join('; ')}`,
    )
  }
  const runs = new Map<string, MicroRun[]>(cases.map(({ name }) => [name, []]))
  const jobs = Array.from({ length: options.processes }, () => roundOf(cases, world.random)).flat()
  for (const [at, each] of jobs.entries()) {
    world.progress.step(`timing ${each.name}`, at, jobs.length)
    const { points, sampleMs, warmUpMs } = options
    const timing = JSON.stringify({ points, sampleMs, warmUpMs })
    runs.get(each.name)?.push(await runProcess<MicroRun>(options, each, ['time', timing], world))
  }
  const allocated = new Map<string, number | null>()
  for (const [at, each] of cases.entries()) {
    world.progress.step(`counting what ${each.name} allocates`, at, cases.length)
    allocated.set(each.name, await runProcess<number>(options, each, ['allocation'], world))
  }
  return {
    cases: cases.map(({ name, against, differenceName }) => ({
      name,
      against: against ?? null,
      differenceName,
      runs: runs.get(name) ?? [],
      allocatedBytes: allocated.get(name) ?? null,
    })),
  }
}

/** The names that budgets may use: those of cases, and of differences between cases that both run. */
function namesOf(
  { name, against, differenceName }: MicroCase,
  cases: readonly MicroCase[],
): string[] {
  const isCompared = cases.some((each) => each.name === against)
  return isCompared ? [name, differenceName ?? nameOfDifference(name, against ?? '')] : [name]
}

/** All cases in random order, with cases that are compared next to each other. */
function roundOf(cases: readonly MicroCase[], random: Random): readonly MicroCase[] {
  const rootOf = ({ name, against }: MicroCase, seen: readonly string[] = []): string => {
    const base = cases.find((each) => each.name === against && !seen.includes(each.name))
    return base === undefined ? name : rootOf(base, [...seen, name])
  }
  const groups = [...Map.groupBy(cases, (each) => rootOf(each)).values()]
  return random.shuffle(groups).flatMap((group) => random.shuffle(group))
}

async function runProcess<Result>(
  { file }: MicroOptions,
  { name }: MicroCase,
  task: readonly string[],
  { signal }: World,
): Promise<Result> {
  signal.throwIfAborted()
  const child = Bun.spawn([process.execPath, PROCESS, file ?? '', name, ...task], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without garbage collection a process grows by what it allocates.
    env: { ...process.env, ...(task[0] === 'allocation' && { BUN_JSC_useGC: '0' }) },
    signal,
  })
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  signal.throwIfAborted()
  if (code !== 0) throw new LabError(`${name} failed:\n${said.trim().slice(0, 2000)}`)
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Result
}
