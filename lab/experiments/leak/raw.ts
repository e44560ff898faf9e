import type { Aim } from '../../load/index.ts'

/** How the memory of a server is learned. */
export type MemorySource = {
  /** Answers with JSON, or with lines as Prometheus scrapes them; `null` for none. */
  readonly url: string | null
  /** JSON Pointer to the bytes of the heap, or the name of the metric. */
  readonly path: string
  /** Asked before each reading: makes the server collect garbage. */
  readonly collectUrl: string | null
  readonly collectMethod: string
  readonly headers: Readonly<Record<string, string>>
  /** Process of the server; found by its port when `null`. */
  readonly pid: number | null
}

/** What is measured: a server somewhere, or the synthetic one with a leak of known size. */
export type LeakSubject =
  | { readonly kind: 'target'; readonly aim: Aim; readonly memory: MemorySource }
  | { readonly kind: 'synthetic'; readonly leakBytes: number }

/** What was asked. */
export type LeakOptions = {
  readonly subject: LeakSubject
  /** Requests a second, constant. */
  readonly rate: number
  readonly durationMs: number
  /** At the start, not counted. */
  readonly warmUpMs: number
  readonly windows: number
  /** Each of the two controls. */
  readonly controlMs: number
}

/** Smallest readings of a window; `null` where the server does not tell. */
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
  /** The same server without load: must not grow. */
  readonly idle: LeakPhase
  /** The synthetic server with a known leak: must be found. */
  readonly control: LeakPhase
  /** Bytes that the control leaves behind with each request. */
  readonly controlLeakBytes: number
  readonly collected: boolean
  /** Ended before its time: what there was not the time for has no windows. */
  readonly interrupted?: true
}
