import { z } from 'zod'
import { isCidr } from '../address.ts'
import { parseDurationMs, parseSizeBytes } from '../quantity.ts'
import { describeValue } from './describe-value.ts'

const SHOWN_CHARACTERS_MAX = 100

function invalid(value: unknown, expected: string): string {
  const text = JSON.stringify(value) ?? 'nothing'
  const isLong = text.length > SHOWN_CHARACTERS_MAX
  return `expected ${expected}, got ${isLong ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text}`
}

/** A text field: the error for a value that is not text names the expected form; a missing one stays "missing". */
const textLike = (expected: string): z.ZodString =>
  z.string({
    error: ({ input }) =>
      input === undefined ? undefined : `expected ${expected}, found ${describeValue(input)}`,
  })

const DURATION = 'a duration such as 30s or 5m'
const SIZE = 'a size such as 16KiB or 1MiB'

/** A duration with its unit, such as `250ms`, `30s`, `5m`, `24h`, `7d`; parsed to milliseconds. */
export const duration = (): z.ZodType<number, string> =>
  textLike(DURATION)
    .meta({ pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$', examples: ['30s', '5m', '24h'] })
    .transform((text, context) => {
      const ms = parseDurationMs(text)
      if (ms !== undefined) return ms
      context.addIssue({ code: 'custom', message: invalid(text, DURATION) })
      return z.NEVER
    })

/** A size with its unit, such as `512B`, `16KiB`, `1MiB`; parsed to bytes. */
export const size = (): z.ZodType<number, string> =>
  textLike(SIZE)
    .meta({ pattern: '^\\d+(\\.\\d+)?(B|kB|KiB|MB|MiB|GB|GiB)$', examples: ['16KiB', '1MiB'] })
    .transform((text, context) => {
      const bytes = parseSizeBytes(text)
      if (bytes !== undefined) return bytes
      context.addIssue({ code: 'custom', message: invalid(text, SIZE) })
      return z.NEVER
    })

/** An IP address or a network in CIDR notation. */
export const cidr = (): z.ZodType<string, string> =>
  z.string().refine(isCidr, {
    error: (issue) => invalid(issue.input, 'an address or network such as 10.0.0.0/8'),
  })

/** A name that other parts of the configuration refer to. */
export const name = (): z.ZodType<string, string> =>
  z.string().regex(/^[a-z][a-z0-9._-]{0,63}$/, {
    error: (issue) => invalid(issue.input, 'a name of a-z, 0-9, ".", "_" and "-"'),
  })

/** A permission `resource:action`; either side may be `*` or end in `.*`. */
export const permission = (): z.ZodType<string, string> =>
  z.string().regex(/^(\*|[a-z][a-z0-9_.-]*(\.\*)?):(\*|[a-z][a-z0-9_.-]*)$/, {
    error: (issue) => invalid(issue.input, 'a permission such as scene:write or scene:*'),
  })

/**
 * A secret: never shown in errors, in the effective configuration or in logs. Best written as `${NAME}` or
 * `${file:/path}`, so that the configuration file does not contain it.
 */
export const secret = (): z.ZodType<string, string> => z.string().min(1).meta({ writeOnly: true })

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** A token (RFC 9110 §5.6.2). */
export const token = (): z.ZodType<string, string> => z.string().regex(TOKEN)

/** The name of a header field (RFC 9110 §5.1), in lowercase. */
export const headerName = (): z.ZodType<string, string> =>
  z.string().regex(TOKEN, { error: 'expected a header name (RFC 9110 §5.1)' }).toLowerCase()

/** The value of a header field (RFC 9110 §5.5). */
export const headerValue = (): z.ZodType<string, string> =>
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
    error: 'expected a header value without control characters',
  })
