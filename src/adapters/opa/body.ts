import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { parseDocument } from '../../policy/with-rego.ts'
import type { Value } from '../../rego/index.ts'
import { OpaError } from './answers.ts'

const unzip = promisify(gunzip)

/** Reads the body as text, decompressed; neither form may be larger than `bytesMax`. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const bytes = await request.bytes()
  if (bytes.length > bytesMax) throw tooLarge(bytesMax)
  if (request.headers.get('content-encoding') !== 'gzip') return new TextDecoder().decode(bytes)
  try {
    return (await unzip(bytes, { maxOutputLength: bytesMax })).toString('utf8')
  } catch {
    throw new OpaError(400, 'invalid_parameter', 'the body is not gzip, or too large')
  }
}

/** Reads JSON (or YAML) from the body; `undefined` if there is none. */
export async function readBody(request: Request, bytesMax: number): Promise<Value | undefined> {
  const text = await readText(request, bytesMax)
  if (text.trim() === '') return undefined
  const isYaml = /yaml/.test(request.headers.get('content-type') ?? '')
  try {
    return parseDocument(isYaml ? 'body.yaml' : 'body.json', text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new OpaError(400, 'invalid_parameter', `body contains malformed input: ${reason}`)
  }
}

const tooLarge = (bytesMax: number): OpaError =>
  new OpaError(413, 'invalid_parameter', `the body is larger than ${bytesMax} bytes`)

/** A member of a JSON object, or `undefined`. */
export function member(value: Value | undefined, name: string): Value | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, Value>>)[name] : undefined
}
