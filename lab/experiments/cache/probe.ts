import { LabError } from '../../core/index.ts'
import type { CacheClass } from '../../load/index.ts'
import { cacheClassOf } from '../../load/index.ts'
import type { CacheOptions } from './options.ts'

/** The answer to a single request. */
export interface Probe {
  readonly status: number
  readonly body: string
  readonly said: CacheClass
}

const BODY_BYTES_MAX = 1_048_576

/** Requests one key. `authorization`: `undefined` to send what the options say, `null` to send none. */
export async function probe(
  options: CacheOptions,
  key: string,
  authorization?: string | null,
): Promise<Probe> {
  const headers = new Headers(Object.entries(options.headers))
  if (authorization === null) headers.delete('authorization')
  else if (authorization !== undefined) headers.set('authorization', authorization)
  const response = await fetch(urlOf(options, key), {
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(options.timeoutMs),
    ...(options.insecure ? { tls: { rejectUnauthorized: false } } : {}),
  })
  const body = (await response.text()).slice(0, BODY_BYTES_MAX)
  const head = [...response.headers].map(([name, value]) => `\r\n${name}: ${value}`).join('')
  return { status: response.status, body, said: cacheClassOf(`${head}\r\n`) }
}

/** The URL of one key. */
export function urlOf({ target }: CacheOptions, key: string): string {
  return target.replaceAll(/\{key\}|%7Bkey%7D/gi, encodeURIComponent(key))
}

/** How often the origin has been asked so far; `null` if that is not counted. */
export async function readOriginCount({
  originCounter,
  headers,
}: CacheOptions): Promise<number | null> {
  if (originCounter === null) return null
  const { url, pointer } = originCounter
  const response = await fetch(url, { headers: { ...headers }, signal: AbortSignal.timeout(5000) })
  let value = (await response.json()) as unknown
  for (const part of pointer.split('/').slice(1)) {
    value =
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[part]
        : undefined
  }
  if (typeof value !== 'number') throw new LabError(`${url} has no number at ${pointer}`)
  return value
}
