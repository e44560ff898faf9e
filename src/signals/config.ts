import { z } from 'zod'

/** What Tollgate reports about itself. */
export const signalsConfig = z
  .strictObject({
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error', 'silent'])
          .default('info')
          .describe('Messages below this level are not written.'),
        format: z
          .enum(['auto', 'json', 'human'])
          .default('auto')
          .describe('`auto` is `human` on a terminal, and `json` (one object per line) elsewhere.'),
      })
      .prefault({})
      .describe('Log lines on standard error.'),
    metrics: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Collect metrics, and serve /metrics.'),
        routesMax: z
          .int()
          .min(1)
          .max(4096)
          .default(256)
          .describe('Routes that get their own series; the rest share the label `other`.'),
      })
      .prefault({})
      .describe('Metrics for Prometheus.'),
    expose: z
      .array(z.enum(['health', 'ready', 'metrics', 'performance']))
      .default(['health', 'ready'])
      .describe(
        "Endpoints the gate's own address serves too, unless a route has the path; the admin address serves all of them.",
      ),
    layerTimingOneIn: z
      .int()
      .min(1)
      .default(64)
      .describe('Measure the time of each layer for one in N requests.'),
  })
  .meta({ id: 'SignalsConfig' })

/** Parsed {@link signalsConfig}. */
export type SignalsConfig = z.output<typeof signalsConfig>
