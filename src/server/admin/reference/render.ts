import { createHash } from 'node:crypto'
import type { JsonSchema } from '../../../core/config/index.ts'
import type { ApiDocument } from '../document.ts'
import { exampleOf } from './example.ts'
import { escapeHtml, inlineCode } from './html.ts'
import type { Components } from './schema-rows.ts'
import { describeType, schemaRows } from './schema-rows.ts'
import { REFERENCE_STYLE } from './style.ts'

const styleHash = createHash('sha256').update(REFERENCE_STYLE).digest('base64')

/** Nothing runs and nothing is fetched: only this page's own style is allowed, by its hash. */
export const REFERENCE_CSP = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly operation: OperationObject
}

interface OperationObject {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
  readonly 'x-permission'?: string
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

/** Renders the OpenAPI document as one page of HTML without scripts. */
export function renderReference(document: ApiDocument): string {
  const components = (document.components?.schemas ?? {}) as Components
  const endpoints = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, OperationObject>>).map(
      ([method, operation]): Endpoint => ({ method, path, operation }),
    ),
  )
  const tags = (document.tags ?? []).map(({ name }) => name)
  const ofTag = (tag: string): Endpoint[] =>
    endpoints.filter(({ operation }) => operation.tags.includes(tag))
  const menu = tags.map(
    (tag) => `<h2>${escapeHtml(tag)}</h2><ul>${ofTag(tag).map(menuItem).join('')}</ul>`,
  )
  const sections = tags.map(
    (tag) =>
      `<section><h2>${escapeHtml(tag)}</h2>${ofTag(tag)
        .map((endpoint) => article(endpoint, components))
        .join('')}</section>`,
  )
  const intro = (document.info.description ?? '')
    .split('\n\n')
    .map((paragraph) => `<p>${inlineCode(paragraph)}</p>`)
    .join('')
  const title = escapeHtml(document.info.title)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${REFERENCE_STYLE}</style></head><body><nav aria-label="Operations"><a href="#top"><strong>${title}</strong></a><p><a href="/openapi.json">openapi.json</a></p>${menu.join('')}</nav><main id="top"><h1>${title}</h1>${intro}${sections.join('')}</main></body></html>`
}

const menuItem = ({ operation }: Endpoint): string =>
  `<li><a href="#${escapeHtml(operation.operationId)}">${escapeHtml(operation.summary)}</a></li>`

function article({ method, path, operation }: Endpoint, components: Components): string {
  const body = operation.requestBody?.content['application/json']?.schema
  const parts = [
    `<h3>${inlineCode(operation.summary)}</h3>`,
    `<div class="path"><span class="verb ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span><code>${escapeHtml(path)}</code></div>`,
    operation.description === undefined ? '' : `<p>${inlineCode(operation.description)}</p>`,
    operation['x-permission'] === undefined
      ? ''
      : `<p class="dim">Permission <code>${escapeHtml(operation['x-permission'])}</code></p>`,
    parameterTable(operation.parameters, components),
    body === undefined ? '' : `<h4>Body</h4>${schemaTable(body, components)}`,
    answerPart(operation, components),
    `<h4>Example</h4><pre><code>${escapeHtml(curl(method, path, body, components))}</code></pre>`,
  ]
  return `<article id="${escapeHtml(operation.operationId)}">${parts.join('')}</article>`
}

function parameterTable(parameters: readonly Parameter[], components: Components): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map((parameter) => {
    const type = describeType(parameter.schema, components)
    const words = `${parameter.in}, ${type}${parameter.required ? '' : ', optional'}`
    return `<tr><td><code>${escapeHtml(parameter.name)}</code></td><td>${inlineCode(words)}</td><td>${inlineCode(parameter.description ?? '')}</td></tr>`
  })
  return `<h4>Parameters</h4>${table(rows)}`
}

function schemaTable(schema: JsonSchema, components: Components): string {
  const rows = schemaRows(schema, components)
  return rows.length === 0 ? `<p>${inlineCode(describeType(schema, components))}</p>` : table(rows)
}

const table = (rows: readonly string[]): string =>
  `<table><thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`

function answerPart(operation: OperationObject, components: Components): string {
  const [status, response] =
    Object.entries(operation.responses).find(([code]) => code.startsWith('2')) ?? []
  const [type, content] = Object.entries(response?.content ?? {})[0] ?? []
  const schema = content?.schema
  if (status === undefined) return ''
  if (schema === undefined || type !== 'application/json') {
    return `<h4>Answer ${escapeHtml(status)}</h4><p>${type === undefined ? 'No content.' : `<code>${escapeHtml(type)}</code>`}</p>`
  }
  return `<h4>Answer ${escapeHtml(status)}</h4>${schemaTable(schema, components)}`
}

function curl(
  method: string,
  path: string,
  body: JsonSchema | undefined,
  components: Components,
): string {
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  const line = `curl${verb} -H "Authorization: Bearer $TOLLGATE_ROOT_KEY" "$TOLLGATE_ADMIN${path}"`
  if (body === undefined) return line
  const data = JSON.stringify(exampleOf(body, components))
  return `${line} \\\n  -H 'Content-Type: application/json' -d '${data.replaceAll("'", String.raw`'\''`)}'`
}
