import { LabError } from '../../core/index.ts'
import type { Json } from '../../core/index.ts'
import { readHoldings } from '../../machine/index.ts'
import type { LeakWindow, MemorySource } from './raw.ts'

/** One reading, after garbage collection if the server can be asked for it. */
export type Reading = Omit<LeakWindow, 'atMs'>

const ANSWER_MS_MAX = 10_000

/** Fetches from exactly this address (no redirects), within a time limit. */
const ask = async (url: string, init: RequestInit): Promise<Response> =>
  fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) })

/** @throws LabError if the heap size is not where the options say */
export async function readMemory(source: MemorySource, pid: number | null): Promise<Reading> {
  const { url, collectUrl, collectMethod, headers } = source
  if (collectUrl !== null) {
    const collected = await ask(collectUrl, { method: collectMethod, headers })
    if (!collected.ok) throw new LabError(`${collectUrl}: ${collected.status}`)
  }
  const holdings = pid === null ? null : readHoldings(pid)
  const heapBytes = url === null ? null : await readHeap(url, source)
  return {
    heapBytes,
    residentBytes: holdings?.residentBytes ?? null,
    handles: holdings?.handles ?? null,
  }
}

async function readHeap(url: string, { path, headers }: MemorySource): Promise<number> {
  const response = await ask(url, { headers })
  const text = await response.text()
  if (!response.ok) throw new LabError(`${url}: ${response.status}`)
  const value = valueAt(text, path)
  if (value !== undefined && Number.isFinite(value)) return value
  throw new LabError(`${url} has no number at ${path}`)
}

/** The number at a JSON Pointer (RFC 6901), or the sum of a metric's samples in the Prometheus text format. */
export function valueAt(text: string, path: string): number | undefined {
  if (!path.startsWith('/')) return metricOf(text, path)
  let node: Json | undefined
  try {
    node = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  for (const part of path.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (node === null || typeof node !== 'object' || !Object.hasOwn(node, name)) return undefined
    node = (node as Readonly<Record<string, Json>>)[name]
  }
  return typeof node === 'number' ? node : undefined
}

function metricOf(text: string, name: string): number | undefined {
  const samples = text
    .split('\n')
    .map((line) => /^(\w+)(?:\{.*\})? (\S+)/.exec(line))
    .filter((match) => match?.[1] === name)
  if (samples.length === 0) return undefined
  return samples.reduce((sum, match) => sum + Number(match?.[2]), 0)
}
