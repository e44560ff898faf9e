/** Something small to be timed. */
export interface MicroCase {
  readonly name: string
  /** Name of the case this one builds on: the report also shows the difference. */
  readonly against?: string
  /** What that difference is called, and budgets call it: such as `limiter, in a request`. */
  readonly differenceName?: string
  /** Makes it ready, once in each process. */
  prepare(): MicroSubject | Promise<MicroSubject>
}

/** A case that is ready. */
export interface MicroSubject {
  /** Runs once. What it returns is used, so that nothing is optimized away; a promise is awaited. */
  run(): unknown
  close?(): void | Promise<void>
}

/** Declares cases: the default export of a file for `tollgate lab micro FILE`. */
export const defineMicro = (...cases: readonly MicroCase[]): readonly MicroCase[] => cases
