import { resolve } from 'node:path'
import { z } from 'zod'
import { LabError } from '../../core/index.ts'
import type { MicroCase } from './define.ts'

const caseSchema = z.custom<MicroCase>((value) => {
  const found = value as Partial<MicroCase> | null
  return typeof found?.name === 'string' && typeof found.prepare === 'function'
}, 'a case needs a name and a function prepare')

/**
 * The cases of a module, or those of the gate.
 *
 * @throws LabError
 */
export async function loadCases(file: string | null): Promise<readonly MicroCase[]> {
  if (file === null) return (await import('./cases/tollgate.ts')).tollgateCases
  const module = (await import(resolve(file))) as { readonly default?: unknown }
  const parsed = z.array(caseSchema).min(1).safeParse(module.default)
  if (!parsed.success) {
    throw new LabError(
      `${file}: the default export must be defineMicro(…): ${z.prettifyError(parsed.error)}`,
    )
  }
  const names = new Set(parsed.data.map(({ name }) => name))
  if (names.size < parsed.data.length) throw new LabError(`${file}: two cases have the same name`)
  return parsed.data
}
