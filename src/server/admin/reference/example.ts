import type { JsonSchema } from '../../../core/config/index.ts'
import type { Components } from './schema-rows.ts'
import { dereference } from './schema-rows.ts'

const DEPTH_MAX = 6

/** A value that roughly fits a schema, for a request that can be pasted and edited. */
export function exampleOf(schema: JsonSchema, components: Components, depth = 0): unknown {
  const node = dereference(schema, components)
  if (depth > DEPTH_MAX) return null
  if (node['default'] !== undefined) return node['default']
  if (node.examples?.[0] !== undefined) return node.examples[0]
  const [option] = node.anyOf ?? node.oneOf ?? []
  if (option !== undefined) return exampleOf(option, components, depth + 1)
  if (node.enum !== undefined) return node.enum[0]
  if (node.type === 'object') {
    const required = new Set(node.required)
    const fields = Object.entries(node.properties ?? {}).filter(([name]) => required.has(name))
    return Object.fromEntries(
      fields.map(([name, field]) => [name, exampleOf(field, components, depth + 1)]),
    )
  }
  const [type = 'null'] = [node.type ?? []].flat()
  return Object.hasOwn(EXAMPLES, type) ? EXAMPLES[type] : null
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  string: 'text',
  integer: 1,
  number: 1,
  boolean: true,
  array: [],
}
