import type { Caller } from '../core/caller.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { Exchange } from './exchange.ts'
import type { Stage } from './stage.ts'

/** The noun that {@link createAdmit} and {@link createIdentify} ask about bans. */
export interface BanCheck {
  /** Whether any address is banned: while none is, nobody's address has to be found out. */
  anyAddress(): boolean
  address(address: string, nowMs: number): Refusal | undefined
  caller(caller: Caller, nowMs: number): Refusal | undefined
}

const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * May this connection speak at all? Bans and the announced size, before any secret is looked at.
 *
 * @param bodyBytesMax a request that announces a larger body is refused before it is read.
 */
export function createAdmit(bans: BanCheck, bodyBytesMax: number): Stage {
  return {
    name: 'admit',
    run(exchange) {
      if (bans.anyAddress()) {
        const refusal = bans.address(exchange.address, exchange.nowMs)
        if (refusal !== undefined) return refusal
      }
      return METHODS_WITHOUT_BODY.has(exchange.request.method)
        ? undefined
        : checkLength(exchange, bodyBytesMax)
    },
  }
}

function checkLength(exchange: Exchange, bodyBytesMax: number): Refusal | undefined {
  const announced = exchange.request.headers.get('content-length')
  return announced !== null && Number(announced) > bodyBytesMax
    ? refuse('body_too_large', { extra: { bytesMax: bodyBytesMax } })
    : undefined
}
