import type { RequestCheck } from '../shield/index.ts'
import { refuse } from '../core/refusal.ts'
import type { Refusal } from '../core/refusal.ts'
import type { BodyReader } from './read-body.ts'
import type { Exchange } from './exchange.ts'
import { decodeSegment } from './routing/canonical-path.ts'
import type { StageBody } from './stage.ts'

/** Well-formed? Path parameters, query and headers first, then the body. */
export function createValidate(check: RequestCheck, readBody: BodyReader): StageBody {
  return {
    run(exchange) {
      if (check.checksHead) {
        const refusal = checkHead(exchange, check)
        if (refusal !== undefined) return refusal
      }
      return check.checksBody ? readBody(exchange) : undefined
    },
  }
}

function checkHead(exchange: Exchange, check: RequestCheck): Refusal | undefined {
  const params: Record<string, string> = {}
  for (const [name, raw] of Object.entries(exchange.parameters ?? {})) {
    const value = decodeSegment(raw)
    if (value === undefined) return refuse('path_invalid')
    params[name] = value
  }
  const query = exchange.query.slice(1)
  return check.head({ params, query, headers: exchange.request.headers })
}
