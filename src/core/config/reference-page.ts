import type { JsonSchema } from './json-schema.ts'

const PLACEHOLDER_REF = '#/$defs/interpolated'

/**
 * Writes a Markdown reference page from an editor schema: a table for each mapping, with every key, its type, its
 * default and its meaning.
 */
export function renderReferencePage(schema: JsonSchema, title: string, intro: string): string {
  const sections: string[] = []
  writeSection(schema, '', { root: schema, out: sections, within: [] })
  return `${[`# ${title}`, intro, ...sections].join('\n\n')}\n`
}

/** What is being written, and the named schemas around it, so that recursive ones end. */
interface Writing {
  readonly root: JsonSchema
  readonly out: string[]
  readonly within: readonly string[]
}

function writeSection(node: JsonSchema, path: string, writing: Writing): void {
  const { root, out } = writing
  const keys = Object.entries(node.properties ?? {})
  if (keys.length > 0) {
    const heading = path === '' ? '## The whole file' : `## \`${path}\``
    const required = new Set(node.required)
    const rows = keys.map(([key, child]) => row(key, child, required.has(key), root))
    const table = ['| key | takes | default | meaning |', '| --- | --- | --- | --- |', ...rows]
    const text = node.description ?? ''
    out.push(
      [heading, ...(text === '' || path === '' ? [] : [text]), table.join('\n')].join('\n\n'),
    )
  }
  for (const [key, child] of keys) writeChild(child, path === '' ? key : `${path}.${key}`, writing)
}

function writeChild(child: JsonSchema, path: string, writing: Writing): void {
  const { $ref } = child
  if ($ref !== undefined && writing.within.includes($ref)) return
  const inner = $ref === undefined ? writing : { ...writing, within: [...writing.within, $ref] }
  const node = resolve(child, writing.root)
  if (node.properties !== undefined) writeSection(withText(node, child), path, inner)
  if (node.items !== undefined) writeChild(node.items, `${path}[]`, inner)
  if (typeof node.additionalProperties === 'object') {
    writeChild(node.additionalProperties, `${path}.<name>`, inner)
  }
  for (const option of optionsOf(node)) {
    const kind = discriminator(resolve(option, writing.root))
    writeChild(option, kind === undefined ? path : `${path} (${kind})`, inner)
  }
}

const withText = (node: JsonSchema, child: JsonSchema): JsonSchema =>
  node.description === undefined && child.description !== undefined
    ? { ...node, description: child.description }
    : node

function discriminator(option: JsonSchema): string | undefined {
  for (const [key, value] of Object.entries(option.properties ?? {})) {
    const constant = optionsOf(value)[0]?.const ?? value.const
    if (constant !== undefined) return `${key}: ${String(constant)}`
  }
  return undefined
}

const optionsOf = (node: JsonSchema): readonly JsonSchema[] =>
  (node.anyOf ?? node.oneOf ?? []).filter((option) => option.$ref !== PLACEHOLDER_REF)

function resolve(node: JsonSchema, root: JsonSchema): JsonSchema {
  const name = node.$ref?.replace('#/$defs/', '')
  return (name === undefined ? undefined : root.$defs?.[name]) ?? node
}

function row(key: string, child: JsonSchema, required: boolean, root: JsonSchema): string {
  const standard = child['default']
  const isPlain = standard === undefined || JSON.stringify(standard) === '{}'
  const fallback = isPlain ? (required ? '**required**' : '') : `\`${JSON.stringify(standard)}\``
  const text = child.description ?? resolve(child, root).description ?? ''
  return `| \`${key}\` | ${cell(takes(child, root, 0))} | ${cell(fallback)} | ${cell(text)} |`
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')

const DEPTH_MAX = 4

function takes(child: JsonSchema, root: JsonSchema, depth: number): string {
  if (child.$ref?.startsWith('#/$defs/__') === true) return 'any JSON value'
  const node = resolve(child, root)
  const options = optionsOf(node)
  if (depth > DEPTH_MAX) return 'a value'
  const [only, ...others] = options
  if (only !== undefined && others.length === 0) {
    const { anyOf: _options, ...outer } = node
    return takes({ ...outer, ...only }, root, depth + 1)
  }
  if (options.length > 0) {
    return [...new Set(options.map((option) => takes(option, root, depth + 1)))].join(' or ')
  }
  if (node.const !== undefined) return `\`${String(node.const)}\``
  const choices = node.enum
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ')
  if (node.type === 'array') {
    return `list of ${node.items === undefined ? 'values' : takes(node.items, root, depth + 1)}`
  }
  if (node.type === 'object') {
    const values = node.additionalProperties
    return typeof values === 'object' && node.properties === undefined
      ? `mapping of name to ${takes(values, root, depth + 1)}`
      : 'mapping'
  }
  if (node['writeOnly'] === true) return 'secret text'
  return scalar(node)
}

function scalar(node: JsonSchema): string {
  const example = node.examples?.[0]
  const such = example === undefined ? '' : `, such as \`${String(example)}\``
  if (node.type === 'string') return `text${such}`
  if (node.type === 'boolean') return '`true` or `false`'
  if (node.type !== 'integer' && node.type !== 'number') return 'any value'
  const word = node.type === 'integer' ? 'whole number' : 'number'
  const minimum = node.minimum ?? node.exclusiveMinimum
  const maximum = node.maximum ?? node.exclusiveMaximum
  const unbounded = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) {
    return unbounded ? word : `${word} up to ${maximum}`
  }
  return unbounded ? `${word} from ${minimum}` : `${word} ${minimum}–${maximum}`
}
