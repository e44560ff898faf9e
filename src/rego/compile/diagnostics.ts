import type { RegoErrorCode, RegoErrorItem } from '../errors.ts'
import { RegoError } from '../errors.ts'
import type { Source } from '../syntax/source.ts'

const ERRORS_MAX = 10

/** The compiler's stages, in order; errors of a later one are not reported while an earlier one has any. */
export const STAGES = [
  'resolve',
  'imports',
  'locals',
  'with',
  'conflicts',
  'functions',
  'safety-head',
  'safety',
  'recursion',
  'types',
] as const
export type Stage = (typeof STAGES)[number]

/** Collects the errors of a compilation. */
export class Diagnostics {
  readonly #byStage = new Map<Stage, RegoErrorItem[]>()
  readonly #seen = new Set<string>()

  add(stage: Stage, code: RegoErrorCode, message: string, source: Source, offset: number): void {
    const location = source.locate(offset)
    const key = `${code} ${message} ${location.file} ${String(location.row)} ${String(location.col)}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const items = this.#byStage.get(stage) ?? []
    items.push({ code, message, location })
    this.#byStage.set(stage, items)
  }

  get any(): boolean {
    return this.#byStage.size > 0
  }

  /** Throws the errors of the first stage that has any. */
  check(): void {
    for (const stage of STAGES) {
      const items = this.#byStage.get(stage)
      if (items !== undefined) throw new RegoError(limited(items))
    }
  }
}

function limited(items: readonly RegoErrorItem[]): readonly RegoErrorItem[] {
  const sorted = [...items].sort(
    (a, b) =>
      compareText(a.location!.file, b.location!.file) ||
      a.location!.row - b.location!.row ||
      a.location!.col - b.location!.col,
  )
  if (sorted.length <= ERRORS_MAX) return sorted
  return [
    ...sorted.slice(0, ERRORS_MAX),
    { code: 'rego_compile_error', message: 'error limit reached' },
  ]
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
