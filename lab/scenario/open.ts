import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { LabError } from '../core/index.ts'
import { parseScenario } from './define.ts'
import { scenarioFromHar } from './har.ts'
import { scenarioFromOpenApi } from './openapi.ts'
import type { Scenario } from './spec.ts'

const BYTES_MAX = 64 * 2 ** 20
const MODULES = new Set(['.ts', '.mts', '.js', '.mjs'])

/** How a HAR file or an OpenAPI document becomes a scenario. */
export interface ImportOptions {
  /** Methods taken from an OpenAPI document; by default those that change nothing. */
  readonly methods?: readonly string[]
  /** Only requests to this origin are taken from a HAR file; by default that of its first entry. */
  readonly origin?: string
}

/** A scenario, and what could not be imported from a document of another kind. */
export interface OpenedScenario {
  readonly scenario: Scenario
  readonly skipped: readonly string[]
}

/**
 * Opens a scenario by its path: a TypeScript or JavaScript module whose default export is a scenario,
 * a HAR file, or an OpenAPI document in JSON or YAML. A module is your own code, and is run.
 *
 * @throws LabError if the file is missing or is none of these.
 */
export async function openScenario(
  path: string,
  options: ImportOptions = {},
): Promise<OpenedScenario> {
  const file = Bun.file(resolve(path))
  if (!(await file.exists())) throw new LabError(`${path} does not exist`)
  const extension = extname(path).toLowerCase()
  if (MODULES.has(extension)) return openModule(path)
  if (file.size > BYTES_MAX) throw new LabError(`${path} is larger than 64 MiB`)
  const text = await file.text()
  const document = readDocument(text, extension, path)
  if (isRecord(document) && isRecord(document['log'])) {
    return scenarioFromHar(document, path, options.origin)
  }
  if (isRecord(document) && typeof document['openapi'] === 'string') {
    return scenarioFromOpenApi(document, path, options.methods)
  }
  throw new LabError(`${path} is neither a scenario, a HAR file nor an OpenAPI 3 document`)
}

async function openModule(path: string): Promise<OpenedScenario> {
  let module: { readonly default?: unknown }
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown }
  } catch (error) {
    if (error instanceof LabError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new LabError(`${path} cannot be loaded: ${message}`)
  }
  if (module.default === undefined) {
    throw new LabError(
      `${path} has no default export; write \`export default defineScenario({ … })\``,
    )
  }
  return { scenario: parseScenario(module.default, path), skipped: [] }
}

function readDocument(text: string, extension: string, path: string): unknown {
  try {
    if (extension === '.yaml' || extension === '.yml') return parse(text) as unknown
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new LabError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
