import type { Caller } from '../core/caller.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Exchange } from './exchange.ts'
import { tooLarge } from './outgoing-body.ts'
import type { StageBody } from './stage.ts'

/** What {@link createAdmit} and {@link createIdentify} ask about bans. */
export interface BanCheck {
  /** Whether any address is banned: while none is, no client's address has to be worked out. */
  anyAddress(): boolean
  address(address: string, nowMs: number): Refusal | undefined
  caller(caller: Caller, nowMs: number): Refusal | undefined
}

/**
 * May this connection speak at all? Checks bans and the announced body size before any secret is looked at.
 *
 * @param bodyBytesMax a request that announces a larger body is refused; `undefined` where the body is
 * read and measured by a later stage, or where there is none.
 */
export function createAdmit(bans: BanCheck, bodyBytesMax: number | undefined): StageBody {
  return {
    run(exchange) {
      if (bans.anyAddress()) {
        const refusal = bans.address(exchange.address, exchange.nowMs)
        if (refusal !== undefined) return refusal
      }
      return bodyBytesMax === undefined ? undefined : checkLength(exchange, bodyBytesMax)
    },
  }
}

function checkLength(exchange: Exchange, bodyBytesMax: number): Refusal | undefined {
  const { request } = exchange
  const announced = request.headers.get('content-length')
  // A body without an announced length may have arrived whole; if not, it is counted as it streams.
  const bytes = announced === null ? (request.arrived?.length ?? 0) : Number(announced)
  return bytes > bodyBytesMax ? tooLarge(bodyBytesMax) : undefined
}
