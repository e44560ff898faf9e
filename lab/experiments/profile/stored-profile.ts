import { z } from 'zod'
import { LabError, readJson, RECORD_FORMAT } from '../../core/index.ts'
import type { Frame, ProfileRaw } from './raw.ts'

const frame: z.ZodType<Frame> = z.object({
  name: z.string(),
  self: z.number(),
  get children() {
    return z.array(frame)
  },
})

const recordSchema = z.object({
  format: z.literal(RECORD_FORMAT),
  experiments: z.array(z.object({ kind: z.string(), raw: z.unknown() })),
})
const rawSchema: z.ZodType<ProfileRaw> = z.object({
  cpu: frame.nullable(),
  samples: z.number(),
  heap: frame.nullable(),
  heapIs: z.enum(['allocated', 'held']).nullable(),
  requests: z.number(),
  failed: z.number(),
})

/**
 * Reads the record of an earlier profile.
 *
 * @throws LabError for anything else
 */
export async function readProfile(path: string): Promise<ProfileRaw> {
  const record = recordSchema.safeParse(await readJson(path))
  const earlier = record.data?.experiments.find(({ kind }) => kind === 'profile')
  const raw = rawSchema.safeParse(earlier?.raw)
  if (!raw.success) throw new LabError(`${path} holds no run of tollgate lab profile`)
  return raw.data
}
