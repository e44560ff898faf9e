import { z } from 'zod'
import { duration, secret, size } from '../../core/config/fields.ts'
import { serviceHeaders, serviceUrl } from '../remote/config.ts'

const file = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default('decisions.ndjson')
      .describe('Relative to the data folder, unless absolute.'),
    sizeMax: size().prefault('64MiB').describe('A file that grows larger is rotated.'),
    keep: z.int().min(0).max(1000).default(5).describe('Rotated files to keep.'),
  })
  .describe('Write decisions to a file, one JSON object per line.')

const upload = z
  .strictObject({
    url: serviceUrl().describe('Where batches are posted to, such as https://logs.example/logs.'),
    token: secret().optional().describe('Sent as a bearer token; use ${NAME} or ${file:path}.'),
    headers: serviceHeaders(),
    minDelay: duration().prefault('5s').describe('Shortest time between two batches.'),
    maxDelay: duration()
      .prefault('60s')
      .describe('Longest time between two batches, also after failures.'),
    batchMax: size().prefault('1MiB').describe('Largest batch, before compression.'),
    bufferMax: size()
      .prefault('16MiB')
      .describe('Memory for decisions that wait; beyond it, the oldest are dropped.'),
    timeout: duration().prefault('10s').describe('An upload that takes longer counts as failed.'),
  })
  .refine(({ minDelay, maxDelay }) => minDelay <= maxDelay && maxDelay > 0, {
    error: '`minDelay` is longer than `maxDelay`',
    path: ['minDelay'],
  })
  .refine(({ batchMax, bufferMax }) => batchMax <= bufferMax, {
    error: '`batchMax` is larger than `bufferMax`',
    path: ['batchMax'],
  })
  .describe('Upload decisions in gzip-compressed batches, as OPA does.')

/** Configuration of the decision log. */
export const decisionLogConfig = z
  .strictObject({
    file: file.optional(),
    upload: upload.optional(),
    input: z
      .boolean()
      .default(true)
      .describe('Also log the input: what the policy sees of the request.'),
    mask: z
      .array(
        z.string().regex(/^\/(input|result)(\/[^/]+)*$/, {
          error: 'expected a pointer such as /input/request/body/password',
        }),
      )
      .default([])
      .describe(
        "Fields to remove, in addition to those that a policy's `data.system.log.mask` names.",
      ),
    labels: z.record(z.string(), z.string()).default({}).describe('Labels added to each decision.'),
  })
  .refine((log) => log.file !== undefined || log.upload !== undefined, {
    error: 'a decision log needs `file` or `upload`',
  })
  .meta({ id: 'DecisionLog' })

/** The configuration after parsing: milliseconds and bytes. */
export type DecisionLogConfig = z.output<typeof decisionLogConfig>
