import { isArray, isPlainObject, objectGet } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { unescapePercent } from '../encoding/url-query.ts'

/** Finds the targets of references within a schema document. */
export class References {
  readonly #document: Value
  readonly #named = new Map<string, Value>()

  constructor(document: Value) {
    this.#document = document
    this.#collect(document, 0)
  }

  /** Collects the schemas that have an identifier of their own. */
  #collect(node: Value, depth: number): void {
    if (depth > 200) return
    if (isArray(node)) for (const item of node) this.#collect(item, depth + 1)
    else if (isPlainObject(node)) {
      for (const key of ['$id', 'id']) {
        const id = objectGet(node, key)
        if (typeof id === 'string') this.#named.set(id.replace(/#$/, ''), node)
      }
      for (const value of Object.values(node)) this.#collect(value, depth + 1)
    }
  }

  /** @throws BuiltinError for references that leave the document or have no target. */
  resolve(reference: string): Value {
    const named = this.#named.get(reference.replace(/#$/, ''))
    if (named !== undefined) return named
    const [base = '', fragment = ''] = reference.split('#')
    const root = base === '' ? this.#document : this.#named.get(base)
    if (root === undefined)
      throw new BuiltinError(`remote reference loading disabled: ${reference}`)
    if (fragment !== '' && !fragment.startsWith('/'))
      throw new BuiltinError(`JSON pointer must be empty or start with a "/"`)
    return unescapePercent(fragment, false)
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce(stepInto, root)
  }
}

function stepInto(node: Value, step: string): Value {
  const found = isArray(node)
    ? node[Number(step)]
    : isPlainObject(node)
      ? objectGet(node, step)
      : undefined
  if (found === undefined) throw new BuiltinError(`Object has no key '${step}'`)
  return found
}
