import type { Aim } from '../../load/index.ts'

/** How the memory of a server is read. */
export type MemorySource = {
  /** URL that answers with JSON or in the Prometheus text format; `null` for none. */
  readonly url: string | null
  /** JSON Pointer to the heap size in bytes, or the name of the metric. */
  readonly path: string
  /** URL requested before each reading, which makes the server collect garbage. */
  readonly collectUrl: string | null
  readonly collectMethod: string
  readonly headers: Readonly<Record<string, string>>
  /** Process of the server; `null` to find it by its port. */
  readonly pid: number | null
}

/** What is measured: the server at a URL, or the synthetic one with a leak of known size. */
export type LeakSubject =
  | { readonly kind: 'target'; readonly aim: Aim; readonly memory: MemorySource }
  | { readonly kind: 'synthetic'; readonly leakBytes: number }

/** What was asked. */
export type LeakOptions = {
  readonly subject: LeakSubject
  /** Requests per second, constant. */
  readonly rate: number
  readonly durationMs: number
  /** At the start, not counted. */
  readonly warmUpMs: number
  readonly windows: number
  /** Length of each of the two controls. */
  readonly controlMs: number
}

/** Smallest readings of a window; `null` for measures that could not be read. */
export type LeakWindow = {
  /** Middle of the window, since the start of its phase. */
  readonly atMs: number
  readonly heapBytes: number | null
  readonly residentBytes: number | null
  readonly handles: number | null
}

/** A stretch of time with one kind of load. */
export type LeakPhase = {
  readonly durationMs: number
  readonly windows: readonly LeakWindow[]
  readonly requests: number
  readonly failed: number
}

/** What was seen. */
export type LeakRaw = {
  readonly load: LeakPhase
  /** The same server without load, whose memory must not grow. */
  readonly idle: LeakPhase
  /** The synthetic server with a known leak, which must be found. */
  readonly control: LeakPhase
  /** Bytes that the control leaves behind with each request. */
  readonly controlLeakBytes: number
  readonly collected: boolean
  /** The run was ended early; phases that did not take place have no windows. */
  readonly interrupted?: true
}
