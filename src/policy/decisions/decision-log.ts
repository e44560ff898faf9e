import { isAbsolute, join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { Value } from '../../rego/index.ts'
import { stringifyJson } from '../../rego/index.ts'
import type { DecisionLogConfig } from './config.ts'
import type { DecisionSink } from './file-sink.ts'
import { createFileSink } from './file-sink.ts'
import type { MaskRules } from './mask-rules.ts'
import type { DecisionEvent } from './mask.ts'
import { masked } from './mask.ts'
import type { DecisionLogStatus } from './status.ts'
import { createUploadSink } from './upload-sink.ts'

/** A decision that was made. */
export interface Decision {
  /** The policy's name in the configuration. */
  readonly policy: string
  /** The rule asked, such as `data.app.authz.allow`. */
  readonly entry: string
  readonly revision: string
  readonly input: Value
  readonly result: Value | undefined
  /** Why it could not decide. */
  readonly failure: string | undefined
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly tookNs: number
  /** The client's address. */
  readonly requestedBy: string
  readonly requestId: string
  readonly route: string
  readonly tenantId: string
  readonly callerKind: string
  readonly callerId: string
  readonly masks: MaskRules
}

/** The decision log. It never makes a request wait. */
export interface DecisionLog {
  record(decision: Decision): void
  status(): DecisionLogStatus
  close(): Promise<void>
}

/** What a decision log needs. */
export interface DecisionLogOptions {
  readonly config: DecisionLogConfig
  /** The folder that relative paths are relative to; default: the working directory. */
  readonly folder: string | undefined
  /** Distinguishes this process from others that write in the same folder. */
  readonly instance: string | undefined
  readonly clock: Clock
  readonly random: Random
  /** Called when decisions begin to be lost, at most every ten seconds. */
  readonly onLoss: (lost: number, failure: string | undefined) => void
}

/** How many decisions may wait to be masked and written. */
const WAITING_MAX = 4096
/** How many decisions are masked before requests are served again. */
const SLICE = 64
const TELL_EVERY_MS = 10_000
const ID_BYTES = 16

/** Creates a {@link DecisionLog}. */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { config, clock, random, onLoss } = options
  const sinks = sinksOf(options)
  const waiting: Decision[] = []
  let [written, left, lost] = [0, 0, 0]
  let scheduled = false
  let told = { lost: 0, atMs: Number.NEGATIVE_INFINITY }

  const lostNow = (): number => lost + sinks.reduce((total, sink) => total + sink.lost(), 0)
  const failureNow = (): string | undefined =>
    sinks.map((sink) => sink.failure()).find((failure) => failure !== undefined)
  const tell = (): void => {
    const total = lostNow()
    const nowMs = clock.monotonicMs()
    if (total === told.lost || nowMs - told.atMs < TELL_EVERY_MS) return
    onLoss(total - told.lost, failureNow())
    told = { lost: total, atMs: nowMs }
  }
  const write = (decision: Decision): void => {
    const event = eventOf(decision, config, hexOf(random.bytes(ID_BYTES)))
    const shown = masked(event, config.mask, decision.masks)
    if (shown === undefined) {
      left += 1
      return
    }
    const line = stringifyJson(shown)
    written += 1
    for (const sink of sinks) if (!sink.push(line)) lost += 1
  }
  const drain = (count: number): void => {
    for (const decision of waiting.splice(0, count)) write(decision)
    tell()
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      drain(SLICE)
      if (waiting.length > 0) schedule()
    })
  }
  return {
    record(decision) {
      if (waiting.length >= WAITING_MAX) lost += 1
      else waiting.push(decision)
      schedule()
    },
    status: () => ({
      written,
      left,
      lost: lostNow(),
      waiting: waiting.length,
      failure: failureNow(),
    }),
    async close() {
      drain(waiting.length)
      await Promise.all(sinks.map(async (sink) => sink.close()))
      tell()
    },
  }
}

function sinksOf({ config, folder, instance, random }: DecisionLogOptions): DecisionSink[] {
  const { file, upload } = config
  const sinks: DecisionSink[] = []
  if (file !== undefined) {
    const path = instance === undefined ? file.path : withInstance(file.path, instance)
    const whole = isAbsolute(path) || folder === undefined ? path : join(folder, path)
    sinks.push(createFileSink({ path: whole, sizeBytesMax: file.sizeMax, keep: file.keep }))
  }
  if (upload !== undefined) sinks.push(createUploadSink(upload, random))
  return sinks
}

/** The path of this process's own file, such as `decisions.2.ndjson`: processes do not share one. */
const withInstance = (path: string, instance: string): string =>
  path.replace(/(\.[^./]*)?$/, (extension: string) => `.${instance}${extension}`)

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A decision in the shape of OPA's log. */
function eventOf(decision: Decision, config: DecisionLogConfig, id: string): DecisionEvent {
  const { policy, revision, failure, result, input } = decision
  return {
    decision_id: id,
    timestamp: new Date(decision.atMs).toISOString(),
    path: decision.entry.split('.').slice(1).join('/'),
    bundles: { [policy]: { revision } },
    ...(config.input && { input }),
    ...(result !== undefined && { result }),
    ...(failure !== undefined && { error: { message: failure } }),
    requested_by: decision.requestedBy,
    metrics: { timer_rego_query_eval_ns: Math.round(decision.tookNs) },
    custom: {
      policy,
      route: decision.route,
      request_id: decision.requestId,
      tenant: decision.tenantId,
      caller: { kind: decision.callerKind, id: decision.callerId },
    },
    ...(Object.keys(config.labels).length > 0 && { labels: config.labels }),
  }
}
