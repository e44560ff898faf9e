import { expect, test } from 'bun:test'
import { toEditorSchema } from '../../core/config/index.ts'
import { gatewayConfig } from './index.ts'

/** Durations and sizes are text in the file and numbers after parsing: there a default gets lost easily. */

interface Node {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly anyOf?: readonly Node[]
}

const schema = toEditorSchema(gatewayConfig, { id: 'https://example.test/v1.json', title: 'T' })
const { $defs = {} } = schema as { readonly $defs?: Readonly<Record<string, Node>> }

function resolved(node: Node | undefined): Node {
  if (node?.$ref !== undefined) return resolved($defs[node.$ref.split('/').at(-1) ?? ''])
  return node?.anyOf?.map(resolved).find(({ properties }) => properties !== undefined) ?? node ?? {}
}

/** Every setting that a parsed configuration has a plain value for, with what the schema says of it. */
function settingsOf(value: unknown, node: Node, path: string): [path: string, node: Node][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, node]]
  const { properties, additionalProperties } = resolved(node)
  return Object.entries(value).flatMap(([key, child]) => {
    const other = typeof additionalProperties === 'object' ? additionalProperties : undefined
    const below = properties?.[key] ?? other
    return below === undefined ? [] : settingsOf(child, below, path === '' ? key : `${path}.${key}`)
  })
}

test('every setting that has a default says so in the reference and to editors', () => {
  const targets = ['http://127.0.0.1:1']
  const written = { upstreams: { u: { targets, health: { path: '/' } } } }
  const given = new Set(['upstreams.u.targets', 'upstreams.u.health.path', 'routes'])
  const settings = settingsOf(gatewayConfig.parse(written), schema as Node, '')
    // What is there without being written has names of its own, not settings.
    .filter(([path]) => !given.has(path) && !path.startsWith('limits.'))
  expect(settings.length).toBeGreaterThan(80)
  const silent = settings.filter(
    ([, node]) => !('default' in node) && !('default' in resolved(node)),
  )
  expect(silent.map(([path]) => path)).toEqual([])
})
