import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Random } from '../../core/random.ts'
import { delayAfterAnswerMs, delayAfterFailureMs } from '../remote/schedule.ts'
import type { DecisionLogConfig } from './config.ts'
import type { DecisionSink } from './file-sink.ts'

const pack = promisify(gzip)

/** When the program ends, what has not been sent within this time is lost. */
const CLOSE_TIMEOUT_MS = 2000

/**
 * Creates a sink that posts lines in compressed batches (a JSON array of decisions, as OPA does). A batch that cannot
 * be sent is retried at growing intervals; when too much waits, the oldest lines are lost.
 */
export function createUploadSink(
  config: NonNullable<DecisionLogConfig['upload']>,
  random: Random,
): DecisionSink {
  const pace = { minDelayMs: config.minDelay, maxDelayMs: config.maxDelay }
  const waiting: string[] = []
  let waitingBytes = 0
  let lost = 0
  let failures = 0
  let failure: string | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let sending: Promise<void> | undefined
  let isClosed = false

  const dropOldest = (): void => {
    const line = waiting.shift()
    waitingBytes -= line?.length ?? 0
    lost += 1
  }
  const takeBatch = (): string[] => {
    let bytes = 0
    let count = 0
    for (const line of waiting) {
      bytes += line.length + 1
      if (count > 0 && bytes > config.batchMax) break
      count += 1
    }
    const lines = waiting.splice(0, count)
    for (const line of lines) waitingBytes -= line.length
    return lines
  }
  const giveBack = (lines: readonly string[]): void => {
    waiting.unshift(...lines)
    for (const line of lines) waitingBytes += line.length
    while (waitingBytes > config.bufferMax) dropOldest()
  }
  const sendAll = async (signal?: AbortSignal): Promise<void> => {
    while (waiting.length > 0) {
      const lines = takeBatch()
      try {
        await post(config, lines, signal)
        failure = undefined
        failures = 0
      } catch (error) {
        giveBack(lines)
        failure = error instanceof UploadError ? error.message : 'the server cannot be reached'
        failures += 1
        return
      }
    }
  }
  const schedule = (): void => {
    if (timer !== undefined || isClosed) return
    const delayMs =
      failures === 0
        ? delayAfterAnswerMs(pace, random)
        : Math.max(config.minDelay, delayAfterFailureMs(pace, failures, random))
    timer = setTimeout(() => {
      sending = sendAll().finally(() => {
        timer = undefined
        sending = undefined
        if (waiting.length > 0) schedule()
      })
    }, delayMs)
    timer.unref()
  }

  return {
    push(line) {
      waiting.push(line)
      waitingBytes += line.length
      while (waitingBytes > config.bufferMax) dropOldest()
      schedule()
      return true
    },
    lost: () => lost,
    failure: () => failure,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await sending
      await sendAll(AbortSignal.timeout(CLOSE_TIMEOUT_MS))
      lost += waiting.length
    },
  }
}

/** A server that refused a batch. */
class UploadError extends Error {
  constructor(status: number) {
    super(`the server answered ${status}`)
    this.name = 'UploadError'
  }
}

async function post(
  { url, token, headers, timeout }: NonNullable<DecisionLogConfig['upload']>,
  lines: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const all = new Headers(headers)
  if (token !== undefined) all.set('authorization', `Bearer ${token}`)
  all.set('content-type', 'application/json')
  all.set('content-encoding', 'gzip')
  const timed = AbortSignal.timeout(timeout)
  const response = await fetch(url, {
    method: 'POST',
    headers: all,
    body: new Uint8Array(await pack(`[${lines.join(',')}]`)),
    redirect: 'manual',
    signal: signal === undefined ? timed : AbortSignal.any([signal, timed]),
  })
  await response.body?.cancel()
  if (!response.ok) throw new UploadError(response.status)
}
