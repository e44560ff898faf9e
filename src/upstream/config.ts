import { z } from 'zod'
import { duration, headerName, headerValue, size, token } from '../core/config/fields.ts'

/** Where a target lives: `http(s)://host[:port][/base]`, or `unix:/path/to.sock` for plain HTTP. */
const targetUrl = (): z.ZodType<string, string> =>
  z.string().refine(isTargetUrl, {
    error: (issue) =>
      `expected an address such as http://127.0.0.1:3000 or unix:/run/app.sock, got ${JSON.stringify(issue.input)}`,
  })

const headerSet = z.record(headerName(), headerValue())

const headerEdits = z
  .strictObject({
    set: headerSet.default({}).describe('Headers to set, replacing those of the same name.'),
    remove: z.array(headerName()).default([]).describe('Headers to remove.'),
  })
  .prefault({})

const timeouts = z
  .strictObject({
    connect: duration().prefault('3s').describe('Time to establish a new connection.'),
    firstByte: duration()
      .prefault('15s')
      .describe("From sending the request to receiving the response's head."),
    idle: duration().prefault('1m').describe('Longest silence within a response body.'),
    total: duration()
      .optional()
      .describe('Whole exchange, including the body; unlimited when absent.'),
  })
  .prefault({})

const retries = z
  .strictObject({
    attempts: z.int().min(0).max(10).default(1).describe('Further attempts after the first.'),
    statuses: z
      .array(z.int().min(500).max(599))
      .default([502, 503, 504])
      .describe('Response statuses that count as a failed attempt.'),
    backoff: duration()
      .prefault('25ms')
      .describe('Upper bound of the first random pause; doubles with each retry.'),
    backoffMax: duration().prefault('1s').describe('Upper bound of any pause.'),
    retryAfterMax: duration().prefault('2s').describe('Longest Retry-After worth waiting for.'),
    budget: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('Retries allowed as a share of recent requests.'),
  })
  .prefault({})

const health = z.strictObject({
  path: z.string().startsWith('/').describe('Path to probe with GET; 2xx and 3xx mean healthy.'),
  interval: duration().prefault('10s').describe('Time between probes.'),
  timeout: duration()
    .prefault('2s')
    .describe('A probe without an answer after this time has failed.'),
  healthyAfter: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe('Successful probes in a row before a target returns.'),
  unhealthyAfter: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Failed probes in a row before a target is taken out.'),
})

const ejection = z
  .strictObject({
    consecutiveFailures: z
      .int()
      .min(1)
      .default(5)
      .describe('Failures in a row that eject a target.'),
    duration: duration()
      .prefault('10s')
      .describe('Duration of the first ejection; grows with each repetition.'),
    durationMax: duration().prefault('5m').describe('Longest ejection.'),
    shareMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Largest share of targets ejected at once.'),
  })
  .prefault({})

const breaker = z
  .strictObject({
    window: duration().prefault('10s').describe('How far back outcomes count.'),
    requestsMin: z
      .int()
      .min(1)
      .default(20)
      .describe('Outcomes needed before the breaker may open.'),
    failureRatio: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('Share of failures that opens the breaker.'),
    open: duration().prefault('5s').describe('How long it stays open before probing.'),
    probes: z.int().min(1).default(3).describe('Successful probes in a row that close it again.'),
  })
  .prefault({})

const queue = z
  .strictObject({
    max: z.int().min(0).default(256).describe('Requests that may wait for a slot.'),
    timeout: duration().prefault('1s').describe('Longest wait for a slot.'),
  })
  .prefault({})

const tls = z.strictObject({
  ca: z.string().optional().describe('Trusted authorities, PEM.'),
  cert: z.string().optional().describe('Client certificate, PEM.'),
  key: z.string().optional().describe('Client key, PEM.'),
  serverName: z.string().optional().describe('Server name to request (SNI) and verify.'),
  rejectUnauthorized: z
    .boolean()
    .default(true)
    .describe("Verify the server's certificate. Keep this on."),
})

/** One upstream: a group of interchangeable targets, and how to treat them. */
export const upstreamConfig = z.strictObject({
  targets: z
    .array(
      z.union([
        targetUrl().transform((url) => ({ url, weight: 1 })),
        z.strictObject({
          url: targetUrl().describe('Address such as http://127.0.0.1:3000 or unix:/run/app.sock.'),
          weight: z
            .int()
            .min(1)
            .max(1000)
            .default(1)
            .describe('Share of requests relative to other targets.'),
        }),
      ]),
    )
    .min(1)
    .describe('Where requests go: addresses, or addresses with weights.'),
  balance: z
    .enum(['round-robin', 'least-in-flight'])
    .default('round-robin')
    .describe('How a target is chosen.'),
  timeouts: timeouts.describe('Time limits for an exchange.'),
  retries: retries.describe('When failed attempts are repeated.'),
  health: health.optional().describe('Active health checks; none when absent.'),
  ejection: ejection.describe('When a failing target is left out.'),
  breaker: z
    .union([breaker, z.literal(false)])
    .prefault({})
    .describe('Circuit breaker for each target; `false` for none.'),
  inFlightMax: z
    .int()
    .min(1)
    .default(1024)
    .describe('Requests in flight at once; further ones wait in the queue.'),
  queue: queue.describe('Requests beyond `inFlightMax`.'),
  bufferMax: size()
    .prefault('256KiB')
    .describe('Response bodies of known length up to this size are passed on in one piece.'),
  request: headerEdits.describe('Changes to request headers.'),
  response: headerEdits.describe('Changes to response headers.'),
  hideServer: z.boolean().default(true).describe('Remove Server and X-Powered-By.'),
  identity: z
    .boolean()
    .default(true)
    .describe('Tell the upstream who the caller is (X-Tollgate-*).'),
  forwarded: z.boolean().default(true).describe('Send Forwarded and X-Forwarded-*.'),
  preserveHost: z
    .boolean()
    .default(false)
    .describe("Send the client's Host instead of the target's."),
  passCredentials: z
    .union([z.boolean(), z.array(headerName())])
    .default(false)
    .describe('Pass credentials on to the upstream: all, none, or the headers named.'),
  via: token().optional().describe('Name to add to the Via header (RFC 9110 §7.6.3).'),
  tls: tls.optional().describe('TLS to the targets.'),
})

/** A checked upstream configuration, defaults filled in, durations in milliseconds. */
export type UpstreamConfig = z.output<typeof upstreamConfig>

/** An upstream configuration as people write it. */
export type UpstreamConfigInput = z.input<typeof upstreamConfig>

function isTargetUrl(text: string): boolean {
  if (text.startsWith('unix:/')) return text.length > 6 && !text.includes('\0')
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}
