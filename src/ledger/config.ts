import { z } from 'zod'
import { duration, size } from '../core/config/fields.ts'

/** What the audit log keeps, for how long, and what it leaves out. */
export const auditConfig = z
  .strictObject({
    traffic: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Record requests, not only admin actions.'),
        allowedOneIn: z
          .int()
          .min(1)
          .default(1)
          .describe('Record one in N allowed requests; refusals are always recorded.'),
        path: z
          .enum(['template', 'full'])
          .default('template')
          .describe(
            '`template` leaves path parameters out; `full` records the path without query.',
          ),
        address: z
          .enum(['full', 'none'])
          .default('full')
          .describe('Whether the client address is recorded.'),
        queue: z
          .int()
          .min(256)
          .max(1_048_576)
          .default(32_768)
          .describe('Records that may wait for the disk; beyond it they are dropped and counted.'),
      })
      .prefault({}),
    flushInterval: duration()
      .prefault('1s')
      .describe('Longest time a traffic record waits before it is written.'),
    segment: z
      .strictObject({
        size: size().prefault('16MiB').describe('A segment is sealed when it has grown to this.'),
        age: duration()
          .prefault('24h')
          .describe('A segment is sealed when its first record is this old.'),
      })
      .prefault({}),
    retention: z
      .strictObject({
        age: duration()
          .optional()
          .describe('Sealed segments whose newest record is older are dropped.'),
        size: size()
          .optional()
          .describe('Oldest sealed segments are dropped while the log is larger.'),
      })
      .prefault({}),
    details: z
      .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/))
      .default([])
      .describe('Names of detail fields that may be recorded; all others are left out.'),
    indexMemory: size()
      .prefault('64MiB')
      .describe('Memory that indexes of sealed segments may hold; more are read again when asked.'),
  })
  .meta({ id: 'AuditConfig' })

/** Parsed {@link auditConfig}: durations in milliseconds, sizes in bytes. */
export type AuditConfig = z.output<typeof auditConfig>
