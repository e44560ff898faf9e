import type { JsonSchema } from '../../../core/config/index.ts'
import { escapeHtml, inlineCode } from './html.ts'

/** The named schemas of a document. */
export type Components = Readonly<Record<string, JsonSchema>>

const REFERENCE = '#/components/schemas/'
const DEPTH_MAX = 4

/** The schema that `schema` refers to, or itself. */
export function dereference(schema: JsonSchema, components: Components): JsonSchema {
  const name = schema.$ref?.slice(REFERENCE.length)
  return (name === undefined ? undefined : components[name]) ?? schema
}

/** Table rows for the fields of an object schema, nested ones with dotted names. */
export function schemaRows(schema: JsonSchema, components: Components): string[] {
  const rows: string[] = []
  const walk = (item: JsonSchema, prefix: string, depth: number): void => {
    const node = dereference(item, components)
    const required = new Set(node.required)
    for (const [name, field] of Object.entries(node.properties ?? {})) {
      const path = `${prefix}${name}`
      const inner = dereference(field, components)
      rows.push(fieldRow(path, field, inner, required.has(name), components))
      if (depth >= DEPTH_MAX) continue
      if (inner.items === undefined) walk(inner, `${path}.`, depth + 1)
      else walk(inner.items, `${path}[].`, depth + 1)
    }
  }
  walk(schema, '', 0)
  return rows
}

function fieldRow(
  path: string,
  field: JsonSchema,
  inner: JsonSchema,
  required: boolean,
  components: Components,
): string {
  const type = `${describeType(field, components)}${required ? '' : ', optional'}`
  const cells = [inlineCode(type), inlineCode(meaning(field, inner))]
  return `<tr><td><code>${escapeHtml(path)}</code></td><td>${cells.join('</td><td>')}</td></tr>`
}

function meaning(field: JsonSchema, inner: JsonSchema): string {
  const text = field.description ?? inner.description ?? ''
  const standard = field['default']
  if (standard === undefined) return text
  return `${text}${text === '' ? '' : ' '}Default \`${JSON.stringify(standard)}\`.`
}

/** A type in words. */
export function describeType(schema: JsonSchema, components: Components): string {
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) {
    return options.map((option) => describeType(option, components)).join(' or ')
  }
  const node = dereference(schema, components)
  if (node !== schema) return schema.$ref?.slice(REFERENCE.length) ?? 'value'
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(' | ')
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.type === 'array') {
    return `list of ${node.items === undefined ? 'values' : describeType(node.items, components)}`
  }
  if (node.type === 'object')
    return typeof node.additionalProperties === 'object' ? 'map' : 'object'
  return node.type === undefined ? 'any' : [node.type].flat().join(' or ')
}
