import { z } from 'zod'
import type { Outcome } from '../../core/refusal.ts'
import { fail, succeed } from '../../core/refusal.ts'
import type { Page } from '../../storage/index.ts'
import type { Answer } from './operation.ts'

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 500

/** A whole number in a query. */
const integerText = (minimum: number, maximum: number): z.ZodType<number, string> =>
  z
    .string()
    .refine((text) => /^\d{1,16}$/.test(text), 'expected a whole number')
    .meta({ type: 'integer', minimum, maximum })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))

/** Query parameters of every list. */
export const pageQuery = z.strictObject({
  limit: integerText(1, LIMIT_MAX)
    .default(LIMIT_DEFAULT)
    .describe(`How many to answer at most: 1 to ${LIMIT_MAX}, by default ${LIMIT_DEFAULT}.`),
  cursor: z.string().min(1).max(1024).optional().describe('`nextCursor` of the previous page.'),
})

/** The schema of a page of `item`. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({
    data: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('Pass it as `cursor` to get the next page; null on the last page.'),
  })

/** Answers with a page; a cursor that no page returned is refused. */
export function answerPage<R>(page: Page<R>): Outcome<Answer> {
  if (page.badCursor === true) return badCursor()
  return succeed({ body: { data: page.rows, nextCursor: page.nextCursor ?? null } })
}

/** Answers with a page of a list in memory; the cursor is a position in it. */
export function answerSlice(
  items: readonly unknown[],
  query: { readonly limit: number; readonly cursor?: string | undefined },
): Outcome<Answer> {
  const start = Number(query.cursor ?? 0)
  if (!Number.isInteger(start) || start < 0 || start > items.length) return badCursor()
  const end = start + query.limit
  const nextCursor = end < items.length ? String(end) : null
  return succeed({ body: { data: items.slice(start, end), nextCursor } })
}

/** The refusal of a cursor that no page of this list returned. */
export const badCursor = (): Outcome<never> =>
  fail('bad_request', { detail: 'This cursor was not given by this list.' })
