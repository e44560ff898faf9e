import type { UpstreamConfig } from './config.ts'
import type { Target } from './target.ts'
import type { Sending } from './http1/types.ts'

/** Active health checks of one target. */
export interface HealthProbe {
  stop(): void
}

/**
 * Probes a target at fixed intervals, beginning at once. The target becomes unhealthy after `unhealthyAfter` bad
 * answers in a row, and healthy again after `healthyAfter` good ones.
 *
 * @param startMs delay before the second probe, so that targets are not all probed at the same moment.
 */
export function startHealthProbe(
  target: Target,
  config: NonNullable<UpstreamConfig['health']>,
  startMs: number,
): HealthProbe {
  let good = 0
  let bad = 0
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let sending: Sending | undefined

  const note = (isGood: boolean): void => {
    good = isGood ? good + 1 : 0
    bad = isGood ? 0 : bad + 1
    if (good >= config.healthyAfter) target.setHealthy(true)
    if (bad >= config.unhealthyAfter) target.setHealthy(false)
  }
  const head = `GET ${target.basePath}${config.path} HTTP/1.1\r\nhost: ${target.host}\r\nuser-agent: tollgate-health\r\n`
  const ask = async (): Promise<boolean> => {
    const request = {
      method: 'GET',
      head,
      body: { kind: 'none' },
      repeatable: true,
      wholeBytesMax: 0,
    } as const
    const asked = target.client.send(request)
    sending = asked
    const deadline = setTimeout(() => asked.abort(), config.timeout)
    try {
      const { head: answer, body } = await asked.response
      if (body instanceof ReadableStream) await body.cancel()
      return answer.status >= 200 && answer.status < 400
    } catch {
      return false
    } finally {
      clearTimeout(deadline)
    }
  }
  const round = async (nextMs: number): Promise<void> => {
    const isGood = await ask()
    if (stopped) return
    note(isGood)
    timer = setTimeout(() => void round(config.interval), nextMs)
  }
  void round(startMs)
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      sending?.abort()
    },
  }
}
