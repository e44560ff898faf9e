import { parse as parseYaml } from 'yaml'
import type { Value } from '../values/index.ts'
import type { Annotations } from './annotations.ts'
import type { Comment } from './ast.ts'
import type { Source } from './source.ts'

const SCOPES = ['rule', 'document', 'package', 'subpackages'] as const

/** A metadata block whose target is not known yet. */
export interface MetadataBlock {
  readonly start: number
  readonly end: number
  readonly fields: Readonly<Record<string, Value>>
}

/** A block that could not be understood. */
export interface MetadataProblem {
  readonly offset: number
  readonly message: string
}

function isRecord(value: unknown): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The `# METADATA` blocks among a module's comments. */
export function readMetadata(
  source: Source,
  comments: readonly Comment[],
): { blocks: MetadataBlock[]; problems: MetadataProblem[] } {
  const blocks: MetadataBlock[] = []
  const problems: MetadataProblem[] = []
  for (let i = 0; i < comments.length; i++) {
    const first = comments[i]!
    if (first.text.trim() !== 'METADATA' || !startsLine(source.text, first.start)) continue
    let row = source.row(first.start)
    const lines: string[] = []
    let end = first.end
    while (i + 1 < comments.length && source.row(comments[i + 1]!.start) === row + 1) {
      i++
      row++
      lines.push(comments[i]!.text)
      end = comments[i]!.end
    }
    const fields = readFields(lines)
    if (typeof fields === 'string') problems.push({ offset: first.start, message: fields })
    else blocks.push({ start: first.start, end, fields })
  }
  return { blocks, problems }
}

function startsLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === ''
}

function readFields(lines: readonly string[]): Readonly<Record<string, Value>> | string {
  if (lines.every((line) => line.trim() === '')) return 'expected METADATA block, found whitespace'
  try {
    const parsed: unknown = parseYaml(lines.join('\n'))
    return isRecord(parsed) ? parsed : 'yaml: cannot unmarshal metadata into an object'
  } catch (error) {
    return `yaml: ${error instanceof Error ? error.message.split('\n', 1)[0]! : 'invalid'}`
  }
}

function author(value: Value): Value {
  if (typeof value !== 'string') return value
  const match = /^(.*?)\s*<([^>]*)>\s*$/.exec(value)
  if (match === null) return { name: value.trim() }
  return match[1] === '' ? { email: match[2]! } : { name: match[1]!, email: match[2]! }
}

function resource(value: Value): Value {
  return typeof value === 'string' ? { ref: value } : value
}

function list(value: Value | undefined): readonly Value[] | undefined {
  return Array.isArray(value) ? (value as readonly Value[]) : undefined
}

/** Turns a block into annotations, once it is known what it is above; a string says what is wrong. */
export function annotate(block: MetadataBlock, above: 'rule' | 'package'): Annotations | string {
  const { fields } = block
  const wanted = fields['scope'] ?? above
  const scope = SCOPES.find((name) => name === wanted)
  if (scope === undefined)
    return `invalid scope ${JSON.stringify(wanted)} (must be one of: rule, document, package, subpackages)`
  const onPackage = scope === 'package' || scope === 'subpackages'
  if (onPackage !== (above === 'package')) {
    return `annotation scope '${scope}' must be applied to ${onPackage ? 'package' : 'rule'}`
  }
  const value: Record<string, Value> = { scope }
  for (const name of ['title', 'description'] as const) {
    const text = fields[name]
    if (typeof text === 'string' && text !== '') value[name] = text
  }
  if (fields['entrypoint'] === true) value['entrypoint'] = true
  const organizations = list(fields['organizations'])
  if (organizations !== undefined) value['organizations'] = organizations
  const authors = list(fields['authors'])
  if (authors !== undefined) value['authors'] = authors.map(author)
  const resources = list(fields['related_resources'])
  if (resources !== undefined) value['related_resources'] = resources.map(resource)
  const schemas = list(fields['schemas'])
  if (schemas !== undefined) value['schemas'] = schemas
  if (isRecord(fields['custom'])) value['custom'] = fields['custom']
  return { start: block.start, end: block.end, scope, value, ...named(value) }
}

function named(value: Record<string, Value>): Partial<Annotations> {
  return {
    ...(typeof value['title'] === 'string' && { title: value['title'] }),
    ...(typeof value['description'] === 'string' && { description: value['description'] }),
    ...(value['entrypoint'] === true && { entrypoint: true }),
    ...(value['organizations'] !== undefined && {
      organizations: value['organizations'] as readonly string[],
    }),
    ...(value['authors'] !== undefined && { authors: value['authors'] as readonly Value[] }),
    ...(value['related_resources'] !== undefined && {
      relatedResources: value['related_resources'] as readonly Value[],
    }),
    ...(value['schemas'] !== undefined && { schemas: value['schemas'] as readonly Value[] }),
    ...(value['custom'] !== undefined && { custom: value['custom'] }),
  }
}
