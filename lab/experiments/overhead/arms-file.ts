import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { LabError } from '../../core/index.ts'
import type { Arm } from './arm.ts'
import { problemOf } from './arm.ts'

const armSchema = z.strictObject({
  name: z.string().min(1).max(60),
  role: z.enum(['baseline', 'duplicate', 'alone', 'without', 'all', 'refused']),
  layer: z.string().min(1).max(60).optional(),
  against: z.string().optional(),
  url: z.string(),
  method: z.string().default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  status: z.int().min(100).max(599).default(200),
})

const fileSchema = z.strictObject({
  /** Process of the server; found by its port if omitted. */
  pid: z.int().min(1).optional(),
  arms: z.array(armSchema).min(2).max(64),
})

/** The arms in a file, and the process behind them. */
export interface ArmsFile {
  readonly arms: readonly Arm[]
  readonly pid: number | null
}

/**
 * Reads arms from YAML, JSON or the default export of a module. Adds a duplicate of the baseline if
 * there is none, because nothing can be concluded without an A/A comparison.
 *
 * @param checkUrl - Returns an address that may be measured, and refuses any other.
 * @param headers - Sent with every request, unless the arm has its own.
 * @throws LabError
 */
export async function readArms(
  path: string,
  checkUrl: (url: string) => string,
  headers: Readonly<Record<string, string>>,
): Promise<ArmsFile> {
  const parsed = fileSchema.safeParse(await load(path))
  if (!parsed.success) throw new LabError(`${path}: ${z.prettifyError(parsed.error)}`)
  const arms = parsed.data.arms.map((given): Arm => ({
    name: given.name,
    role: given.role,
    layer: given.layer ?? (given.role === 'alone' ? given.name : null),
    ...(given.against !== undefined && { against: given.against }),
    request: {
      url: checkUrl(given.url),
      method: given.method.toUpperCase(),
      headers: { ...headers, ...given.headers },
      body: given.body ?? null,
      status: given.status,
    },
  }))
  const baseline = arms.find(({ role }) => role === 'baseline')
  const isAlone = baseline !== undefined && !arms.some(({ role }) => role === 'duplicate')
  const all = isAlone ? [...arms, duplicateOf(baseline)] : arms
  const problem = problemOf(all)
  if (problem !== undefined) throw new LabError(`${path}: ${problem}`)
  return { arms: all, pid: parsed.data.pid ?? null }
}

const duplicateOf = (baseline: Arm): Arm => ({
  ...baseline,
  name: `${baseline.name} again`,
  role: 'duplicate',
})

async function load(path: string): Promise<unknown> {
  try {
    if (/^\.[cm]?[jt]s$/.test(extname(path))) {
      const module = (await import(resolve(path))) as { readonly default?: unknown }
      return module.default
    }
    return parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new LabError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
