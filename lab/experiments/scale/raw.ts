/** What is started: a command for each instance, or synthetic servers of a known capacity. */
export type ScaleSubject =
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'synthetic'; readonly concurrent: number; readonly serviceMs: number }

/** What was asked. */
export type ScaleOptions = {
  readonly subject: ScaleSubject
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
  readonly sizes: readonly number[]
  readonly repeats: number
  readonly sliceMs: number
  /** Connections to each instance. */
  readonly connections: number
  /** Least throughput of the largest size N as a share of N times that of one instance; `null` for no demand. */
  readonly efficiencyMin: number | null
}

/** One measurement of one size, all instances together. */
export type ScalePoint = {
  readonly size: number
  readonly repeat: number
  readonly perSecond: number
  readonly failed: number
  /** Cores that the instances used; `null` if not readable. */
  readonly serverCores: number | null
  readonly generatorCores: number
}

/** What was seen. */
export type ScaleRaw = { readonly points: readonly ScalePoint[]; readonly cores: number }
