import { LabError } from '../core/index.ts'
import { parseScenario } from './define.ts'
import type { OpenedScenario } from './open.ts'
import type { ScenarioSpec } from './spec.ts'

type Node = Readonly<Record<string, unknown>>

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const
const SAFE = ['GET', 'HEAD']
const REFERENCES_MAX = 20

/**
 * A request for each operation whose required parameters and body have an example, a default or a
 * single possible value. What cannot be filled in is named in `skipped`, never guessed.
 */
export function scenarioFromOpenApi(
  document: Node,
  path: string,
  methods: readonly string[] = SAFE,
): OpenedScenario {
  const wanted = new Set(methods.map((method) => method.toUpperCase()))
  const skipped: string[] = []
  const requests: Record<string, ScenarioSpec['requests'][string]> = {}
  const base = basePath(document)
  for (const [template, item] of entriesOf(document['paths'])) {
    const shared = listOf(item['parameters'])
    for (const method of METHODS) {
      const operation = item[method]
      if (!isNode(operation)) continue
      const name = `${method.toUpperCase()} ${template}`
      if (!wanted.has(method.toUpperCase())) {
        skipped.push(`${name}: method not asked for`)
        continue
      }
      const built = buildRequest(document, { template, base, method, operation, shared })
      if (typeof built === 'string') skipped.push(`${name}: ${built}`)
      else requests[name.replaceAll(/[^\w .:/{}-]/g, '-').slice(0, 100)] = built
    }
  }
  if (Object.keys(requests).length === 0) {
    throw new LabError(`no operation of ${path} can be sent:\n  ${skipped.join('\n  ')}`)
  }
  return {
    scenario: parseScenario({ name: 'openapi', tags: ['openapi'], requests }, path),
    skipped,
  }
}

interface Operation {
  readonly template: string
  readonly base: string
  readonly method: string
  readonly operation: Node
  readonly shared: readonly unknown[]
}

/** The request, or why there is none. */
function buildRequest(
  document: Node,
  { template, base, method, operation, shared }: Operation,
): ScenarioSpec['requests'][string] | string {
  const parameters = new Map<string, Node>()
  for (const each of [...shared, ...listOf(operation['parameters'])]) {
    const parameter = follow(document, each)
    if (parameter === undefined) return 'a parameter that cannot be resolved'
    parameters.set(`${String(parameter['in'])} ${String(parameter['name'])}`, parameter)
  }
  let path = template
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  for (const parameter of parameters.values()) {
    const { in: place, name } = parameter as { readonly in: string; readonly name: string }
    const value = exampleOf(document, parameter)
    if (value === undefined) {
      if (parameter['required'] === true) return `no example for the ${place} parameter "${name}"`
      continue
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (place === 'path') path = path.replaceAll(`{${name}}`, encodeURIComponent(text))
    else if (place === 'query') query.append(name, text)
    else if (place === 'header') headers[name] = text
  }
  if (/\{[^}]*\}/.test(path)) return 'a place in the path has no parameter'
  const body = bodyOf(document, operation['requestBody'])
  if (typeof body === 'string') return body
  const search = query.size === 0 ? '' : `?${query}`
  const status = documentedSuccess(operation['responses'])
  return {
    method: method.toUpperCase(),
    path: `${base}${path}${search}`,
    headers: { ...headers, ...body.headers },
    ...(body.value === undefined ? {} : { body: body.value as never }),
    ...(status.length === 0 ? {} : { checks: { status } }),
  }
}

interface Body {
  readonly value?: unknown
  readonly headers: Readonly<Record<string, string>>
}

function bodyOf(document: Node, given: unknown): Body | string {
  if (given === undefined) return { headers: {} }
  const body = follow(document, given)
  if (body === undefined) return 'a request body that cannot be resolved'
  for (const [type, media] of entriesOf(body['content'])) {
    if (!/^application\/([\w.-]+\+)?json\b|^text\//.test(type)) continue
    const value = exampleOf(document, media)
    if (value !== undefined) return { value, headers: { 'content-type': type } }
  }
  return body['required'] === true ? 'no example for the body' : { headers: {} }
}

function documentedSuccess(responses: unknown): (number | string)[] {
  return entriesOf(responses).flatMap(([code]) =>
    /^2\d\d$/.test(code) ? Number(code) : /^2XX$/i.test(code) ? '2xx' : [],
  )
}

/** `example`, the first of `examples`, or what the schema says. */
function exampleOf(document: Node, holder: Node): unknown {
  if (holder['example'] !== undefined) return holder['example']
  for (const [, example] of entriesOf(holder['examples'])) {
    const found = follow(document, example)
    if (found?.['value'] !== undefined) return found['value']
  }
  return holder['schema'] === undefined ? undefined : exampleOfSchema(document, holder['schema'], 0)
}

function exampleOfSchema(document: Node, given: unknown, depth: number): unknown {
  const schema = depth > REFERENCES_MAX ? undefined : follow(document, given)
  if (schema === undefined) return undefined
  if (schema['const'] !== undefined) return schema['const']
  if (schema['example'] !== undefined) return schema['example']
  const listed = listOf(schema['examples'])[0] ?? schema['default'] ?? listOf(schema['enum'])[0]
  if (listed !== undefined) return listed
  if (!isNode(schema['properties'])) return undefined
  const required = new Set(listOf(schema['required']))
  const made: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(schema['properties'])) {
    const value = exampleOfSchema(document, property, depth + 1)
    if (value !== undefined) made[name] = value
    else if (required.has(name)) return undefined
  }
  return made
}

/** Follows references within the document; others are not opened. */
function follow(document: Node, given: unknown): Node | undefined {
  let node = given
  for (let hops = 0; hops < REFERENCES_MAX; hops += 1) {
    if (!isNode(node)) return undefined
    const reference = node['$ref']
    if (typeof reference !== 'string') return node
    if (!reference.startsWith('#/')) return undefined
    node = reference
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>(
        (at, part) => (isNode(at) && Object.hasOwn(at, part) ? at[part] : undefined),
        document,
      )
  }
  return undefined
}

function basePath(document: Node): string {
  const first = listOf(document['servers'])[0]
  const url = isNode(first) && typeof first['url'] === 'string' ? first['url'] : '/'
  const parsed = URL.parse(url, 'http://localhost')
  return parsed === null || url.includes('{') ? '' : parsed.pathname.replace(/\/$/, '')
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const entriesOf = (value: unknown): [string, Node][] =>
  isNode(value)
    ? Object.entries(value).filter((entry): entry is [string, Node] => isNode(entry[1]))
    : []
