/** A small operation to time. */
export interface MicroCase {
  readonly name: string
  /** Name of the case this one builds on: the report also shows the difference. */
  readonly against?: string
  /** Name of that difference in reports and budgets, such as `limiter, in a request`. */
  readonly differenceName?: string
  /** Prepares it, once in each process. */
  prepare(): MicroSubject | Promise<MicroSubject>
}

/** A case that is ready to run. */
export interface MicroSubject {
  /** Runs one iteration. The result is used, so that nothing is optimized away; a promise is awaited. */
  run(): unknown
  close?(): void | Promise<void>
}

/** Declares cases: the default export of a file for `tollgate lab micro FILE`. */
export const defineMicro = (...cases: readonly MicroCase[]): readonly MicroCase[] => cases
