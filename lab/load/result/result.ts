import type { HistogramData } from '../../histogram/index.ts'

/** What one worker counted, or the sum over several. */
export interface WorkerResult {
  /** CPU time of the process, milliseconds. */
  readonly cpuMs: number
  readonly elapsedMs: number
  readonly sent: number
  /** Requests that waited because all allowed connections were in use. */
  readonly queued?: number
  /** Requests of the warm-up, which are in no other figure. */
  readonly discarded: number
  /** Requests among the response times that were given up; they would have taken longer. */
  readonly censored: number
  /** Good answers that came after the warm-up and before the end of the plan, whenever they were planned. */
  readonly completedInTime: number
  readonly bytesReceived: number
  readonly connectionsOpened: number
  readonly connectionsPeak: number
  /** The most users who were active at once. */
  readonly users: number
  readonly statuses: Readonly<Record<string, number>>
  /** Failures by kind: `timeout`, `unsent`, `unfinished`, `connect`, `closed`, `protocol`, `tls`, `status 503`, `check …`. */
  readonly failures: Readonly<Record<string, number>>
  /** Taken up − planned: how late the generator was, without the wait for a connection. */
  readonly lag: HistogramData
  /** Done − sent, of answers that failed a check. */
  readonly rejected: HistogramData
  /** By request of the scenario, in its order. */
  readonly requests: readonly RequestResult[]
  readonly classes: Readonly<Record<string, ClassData>>
  readonly windows: readonly WindowData[]
}

/** The results of one request of the scenario. */
export interface RequestResult {
  readonly planned: number
  readonly succeeded: number
  readonly failed: number
  /** Done − planned; requests that were given up count with the time they waited. */
  readonly response: HistogramData
  /** Done − sent. */
  readonly service: HistogramData
}

/** Answers of one class. */
export interface ClassData {
  readonly count: number
  readonly service: HistogramData
}

/** What happened in one window: `completed` by when answers came, everything else by when it was planned. */
export interface WindowData {
  readonly planned: number
  readonly failed: number
  readonly completed: number
  readonly inFlight: number
  readonly lagMaxUs: number
  readonly response: HistogramData | null
}

/** What was observed in a load run: raw data from which every figure is computed. */
export interface LoadResult extends WorkerResult {
  readonly requestNames: readonly string[]
  readonly model: 'closed' | 'open'
  readonly workers: number
  readonly durationMs: number
  readonly warmUpMs: number
  readonly timeoutMs: number
  readonly windowMs: number
  /** Planned requests per second after the warm-up; `null` for users. */
  readonly plannedRate: number | null
  /** Mean pause of users per request; `null` for open load. */
  readonly thinkMs: number | null
  /** Planned number of users after the warm-up, on average. */
  readonly usersMean?: number
  /** Why the run ended early, or `null`. */
  readonly aborted: string | null
}
