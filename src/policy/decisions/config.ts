import { z } from 'zod'
import { duration, secret, size } from '../../core/config/fields.ts'
import { serviceHeaders, serviceUrl } from '../remote/config.ts'

const file = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default('decisions.ndjson')
      .describe('Within the data folder, unless it is absolute.'),
    sizeMax: size().prefault('64MiB').describe('A file that is larger is put aside.'),
    keep: z.int().min(0).max(1000).default(5).describe('Files put aside that are kept.'),
  })
  .describe('Decisions as lines of JSON.')

const upload = z
  .strictObject({
    url: serviceUrl().describe('Where batches are posted to, such as https://logs.example/logs.'),
    token: secret().optional().describe('Sent as a bearer token; use ${NAME} or ${file:path}.'),
    headers: serviceHeaders(),
    minDelay: duration().prefault('5s').describe('Shortest time between two batches.'),
    maxDelay: duration()
      .prefault('60s')
      .describe('Longest time between two batches, also after failures.'),
    batchMax: size().prefault('1MiB').describe('Largest batch, before it is packed.'),
    bufferMax: size().prefault('16MiB').describe('What waits; the oldest are dropped beyond it.'),
    timeout: duration().prefault('10s'),
  })
  .refine(({ minDelay, maxDelay }) => minDelay <= maxDelay && maxDelay > 0, {
    error: '`minDelay` is longer than `maxDelay`',
    path: ['minDelay'],
  })
  .refine(({ batchMax, bufferMax }) => batchMax <= bufferMax, {
    error: '`batchMax` is larger than `bufferMax`',
    path: ['batchMax'],
  })
  .describe('Decisions in packed batches, as OPA sends them.')

/** Configuration of the log of decisions. */
export const decisionLogConfig = z
  .strictObject({
    file: file.optional(),
    upload: upload.optional(),
    input: z
      .boolean()
      .default(true)
      .describe('Log the input too: what the policy reads of the request.'),
    mask: z
      .array(
        z.string().regex(/^\/(input|result)(\/[^/]+)*$/, {
          error: 'expected a pointer such as /input/request/body/password',
        }),
      )
      .default([])
      .describe('What is taken out, beside what `data.system.log.mask` of a policy says.'),
    labels: z.record(z.string(), z.string()).default({}).describe('Said with each decision.'),
  })
  .refine((log) => log.file !== undefined || log.upload !== undefined, {
    error: 'a decision log needs `file` or `upload`',
  })
  .meta({ id: 'DecisionLog' })

/** The configuration after parsing: milliseconds and bytes. */
export type DecisionLogConfig = z.output<typeof decisionLogConfig>
