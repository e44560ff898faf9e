import { answerJson, compiling, OpaError } from './answers.ts'
import { readText } from './body.ts'
import type { OpaRequest } from './context.ts'

const idOf = ({ path }: OpaRequest): string => path.join('/')

const unknown = (id: string): OpaError =>
  new OpaError(404, 'resource_not_found', `storage_not_found_error: policy id "${id}"`)

/** `GET /v1/policies` and `GET /v1/policies/{id}`. */
export function showPolicies(asked: OpaRequest): Response {
  const modules = asked.options.store.modules()
  const id = idOf(asked)
  if (id === '') {
    return answerJson(200, {
      result: Object.entries(modules).map(([name, raw]) => ({ id: name, raw })),
    })
  }
  const raw = Object.hasOwn(modules, id) ? modules[id] : undefined
  if (raw === undefined) throw unknown(id)
  return answerJson(200, { result: { id, raw } })
}

/** `PUT /v1/policies/{id}`: the policy is in force when this is answered, or not at all. */
export async function putPolicy(asked: OpaRequest): Promise<Response> {
  const id = idOf(asked)
  if (id === '') throw new OpaError(400, 'invalid_parameter', 'a policy needs an id')
  const text = await readText(asked.request, asked.bodyBytesMax)
  compiling(() => asked.options.store.putModule(id, text))
  return answerJson(200, {})
}

/** `DELETE /v1/policies/{id}`. */
export function deletePolicy(asked: OpaRequest): Response {
  const id = idOf(asked)
  if (!compiling(() => asked.options.store.deleteModule(id))) throw unknown(id)
  return answerJson(200, {})
}
