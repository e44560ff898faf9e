import { Exchange } from './exchange.ts'
import type { StageBody, Step } from './stage.ts'

/**
 * Checks regularly whether the callers of open WebSockets may still have them. A socket is one request that may
 * last for days, so whatever would refuse it now has to close it.
 */
export interface SocketWatch {
  /**
   * Watches the socket that an exchange became, until the returned function is called. `close` receives a close
   * code (RFC 6455 §7.4.1) and a reason.
   */
  add(exchange: Exchange, close: (code: number, reason: string) => void): () => void
}

/** The checks that are repeated for the caller of an open socket. */
export interface SocketGuards {
  /** The stages that know the connection and the caller, in the order of the path. */
  readonly stages: readonly StageBody[]
  readonly permission: string | undefined
  readonly nowMs: () => number
}

interface Watched {
  readonly exchange: Exchange
  readonly close: (code: number, reason: string) => void
  /** Since when the checks have had no result, as while storage is out of reach; `undefined` if they have one. */
  doubtedSinceMs: number | undefined
  isAsked: boolean
}

type Verdict = 'allowed' | 'refused' | 'unknown'

const LOOK_MS = 400
/** As long as a credential may be trusted without asking storage. */
const DOUBT_MAX_MS = 30_000
const POLICY_VIOLATION = 1008
const TRY_AGAIN_LATER = 1013

/** Creates a {@link SocketWatch}. */
export function createSocketWatch(guards: SocketGuards): SocketWatch {
  const sockets = new Set<Watched>()
  let timer: ReturnType<typeof setInterval> | undefined

  const settle = (watched: Watched, verdict: Verdict): void => {
    watched.isAsked = false
    if (!sockets.has(watched)) return
    if (verdict === 'allowed') watched.doubtedSinceMs = undefined
    else if (verdict === 'refused') watched.close(POLICY_VIOLATION, 'no longer accepted')
    else {
      const nowMs = guards.nowMs()
      watched.doubtedSinceMs ??= nowMs
      if (nowMs - watched.doubtedSinceMs > DOUBT_MAX_MS) watched.close(TRY_AGAIN_LATER, '')
    }
  }
  const look = (): void => {
    for (const watched of sockets) {
      if (watched.isAsked) continue
      watched.isAsked = true
      ask(watched.exchange, guards).then(
        (verdict) => settle(watched, verdict),
        () => settle(watched, 'unknown'),
      )
    }
  }
  return {
    add(exchange, close) {
      const watched: Watched = { exchange, close, doubtedSinceMs: undefined, isAsked: false }
      sockets.add(watched)
      timer ??= setInterval(look, LOOK_MS)
      return () => {
        sockets.delete(watched)
        if (sockets.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** Runs the checks of the handshake again, as if the request came now. */
async function ask(began: Exchange, guards: SocketGuards): Promise<Verdict> {
  const { peer } = began
  const exchange = new Exchange(
    began.world,
    { ...began.connection, peerAddress: () => peer },
    began.request,
    guards.nowMs(),
    began.bound,
    began.path,
    began.query,
    began.pathValues,
  )
  for (const stage of guards.stages) {
    const verdict = verdictOf(await stage.run(exchange))
    if (verdict !== 'allowed') return verdict
  }
  const { permission } = guards
  const isPermitted = permission === undefined || exchange.caller.permissions.has(permission)
  return isPermitted ? 'allowed' : 'refused'
}

function verdictOf(step: Step): Verdict {
  if (typeof step !== 'object' || !('code' in step)) return 'allowed'
  return step.code === 'unavailable' || step.code === 'internal_error' ? 'unknown' : 'refused'
}
