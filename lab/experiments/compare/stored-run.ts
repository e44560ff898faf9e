import { z } from 'zod'
import type { Fingerprint, Trust } from '../../core/index.ts'
import { LabError, readJson, RECORD_FORMAT } from '../../core/index.ts'
import type { SideRaw } from './raw.ts'

const fingerprint = z.object({
  cpuModel: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  kernel: z.string(),
  architecture: z.string(),
  virtualization: z.string(),
  runtime: z.string(),
})

const slice = z.object({
  requests: z.number(),
  failed: z.number(),
  seconds: z.number(),
  cpuNs: z.number().nullable(),
  foreignCores: z.number().nullable(),
})

const times = z.object({
  subBucketBits: z.number(),
  minUs: z.number().nullable(),
  maxUs: z.number().nullable(),
  sumUs: z.number(),
  overflow: z.number(),
  cells: z.string(),
})
const side = z.object({ slices: z.array(slice).min(1), times, unanswered: z.number() })

const recordSchema = z.object({
  format: z.literal(RECORD_FORMAT),
  startedAt: z.string(),
  fingerprint,
  experiments: z.array(
    z.object({
      kind: z.string(),
      options: z.unknown(),
      raw: z.unknown(),
      trust: z.object({ grade: z.enum(['quiet', 'noisy', 'unusable']) }),
    }),
  ),
})
const rawSchema = z.object({
  rate: z.number().positive(),
  runs: z
    .array(
      z.object({
        pairs: z.array(z.object({ kind: z.string(), other: side })),
        blocks: z.array(side),
      }),
    )
    .min(1),
})

/** An earlier run: its own blocks, without those of its baseline. */
export type StoredRun = {
  readonly name: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly blocks: readonly SideRaw[]
  /** Requests per second at which its percentiles were measured. */
  readonly rate: number
  readonly fingerprint: Fingerprint
  readonly grade: Trust['grade']
}

/**
 * Reads the record of an earlier comparison.
 *
 * @throws LabError for anything else
 */
export async function readStoredRun(path: string): Promise<StoredRun> {
  const record = recordSchema.safeParse(await readJson(path))
  if (!record.success) throw new LabError(`${path} is no record: ${z.prettifyError(record.error)}`)
  const earlier = record.data.experiments.find(({ kind }) => kind === 'compare')
  const raw = rawSchema.safeParse(earlier?.raw)
  if (earlier === undefined || !raw.success)
    throw new LabError(`${path} holds no run of tollgate lab compare`)
  const [run] = raw.data.runs
  const pairs = run?.pairs.filter(({ kind }) => kind === 'candidate').map(({ other }) => other)
  const sides = pairs === undefined || pairs.length === 0 ? (run?.blocks ?? []) : pairs
  return {
    name: path,
    startedAt: record.data.startedAt,
    blocks: sides.map(completed),
    rate: raw.data.rate,
    fingerprint: record.data.fingerprint,
    grade: earlier.trust.grade,
  }
}

/** Restores the minimum and maximum of an empty histogram, which JSON cannot represent. */
const completed = ({ slices, times, unanswered }: z.output<typeof side>): SideRaw => ({
  slices,
  unanswered,
  times: { ...times, minUs: times.minUs ?? 0, maxUs: times.maxUs ?? 0 },
})
