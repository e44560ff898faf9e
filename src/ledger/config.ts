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
          .describe('Records that may wait for the disk; further ones are dropped and counted.'),
      })
      .prefault({})
      .describe('Which requests are recorded, and how.'),
    flushInterval: duration()
      .prefault('1s')
      .describe('Longest time a traffic record waits before it is written.'),
    segment: z
      .strictObject({
        size: size().prefault('16MiB').describe('A segment is sealed when it reaches this size.'),
        age: duration()
          .prefault('24h')
          .describe('A segment is sealed when its first record reaches this age.'),
      })
      .prefault({})
      .describe('When a new segment file begins.'),
    retention: z
      .strictObject({
        age: duration()
          .optional()
          .describe('Sealed segments are dropped once their newest record is older than this.'),
        size: size()
          .optional()
          .describe('The oldest sealed segments are dropped while the log is larger than this.'),
      })
      .prefault({})
      .describe('When old records are dropped; never by default.'),
    details: z
      .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/))
      .default([])
      .describe('Detail fields that may be recorded; all others are left out.'),
    indexMemory: size()
      .prefault('64MiB')
      .describe(
        'Memory for indexes of sealed segments; indexes beyond that are read again when needed.',
      ),
  })
  .meta({ id: 'AuditConfig' })

/** Parsed {@link auditConfig}: durations in milliseconds, sizes in bytes. */
export type AuditConfig = z.output<typeof auditConfig>
