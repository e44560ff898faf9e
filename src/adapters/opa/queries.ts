import { answerJson, evaluating, OpaError } from './answers.ts'
import { member, readBody } from './body.ts'
import type { OpaRequest } from './context.ts'
import { isOn } from './context.ts'

const QUERY_CHARACTERS_MAX = 64 * 1024

/** `GET /v1/query?q=` and `POST /v1/query`. */
export async function runQuery(asked: OpaRequest): Promise<Response> {
  const isPost = asked.request.method === 'POST'
  const body = isPost ? await readBody(asked.request, asked.bodyBytesMax) : undefined
  const query = isPost ? member(body, 'query') : asked.query.get('q')
  if (typeof query !== 'string' || query.trim() === '' || query.length > QUERY_CHARACTERS_MAX) {
    throw new OpaError(400, 'invalid_parameter', 'a query is missing, or too long')
  }
  const input = member(body, 'input')
  const result = evaluating(() =>
    asked.options.store.policy().query(query, {
      ...(input !== undefined && { input }),
      strictBuiltinErrors: isOn(asked, 'strict-builtin-errors'),
      signal: asked.request.signal,
    }),
  )
  return answerJson(200, result.length === 0 ? {} : { result }, isOn(asked, 'pretty'))
}
