import { z } from 'zod'
import type { Policy, Value } from '../../rego/index.ts'
import { parseJson, stringifyJson } from '../../rego/index.ts'
import { evaluateClosed } from './decide.ts'
import type { SearchKind } from './messages.ts'
import { BadRequest, parseMessage, searches } from './messages.ts'

const PAGE_LIMIT = 100

/** The answer with one page of a search. */
export interface SearchAnswer {
  readonly results: readonly unknown[]
  readonly page: { readonly next_token: string; readonly count: number; readonly total: number }
}

const found = {
  subject: z.array(z.looseObject({ type: z.string(), id: z.string() })),
  resource: z.array(z.looseObject({ type: z.string(), id: z.string() })),
  action: z.array(z.looseObject({ name: z.string() })),
} as const

/**
 * Answers a search with the values of a rule (an array or a set), a page at a time.
 *
 * @param rule such as `data.authzen.subjects`
 */
export function search(
  policy: Policy,
  rule: string,
  kind: SearchKind,
  body: unknown,
): SearchAnswer {
  if (!policy.rules().some(({ label }) => label === rule)) {
    throw new BadRequest(`no policy answers searches for a ${kind}`, 404)
  }
  const { page, ...question } = parseMessage(searches[kind], body)
  const value = evaluateClosed(policy, rule, question as unknown as Value)
  const plain: unknown = parseJson(stringifyJson(value ?? []))
  const parsed = found[kind].safeParse(plain)
  const all = parsed.success ? parsed.data : []
  const from = startOf(page?.token)
  const results = all.slice(from, from + (page?.limit ?? PAGE_LIMIT))
  const next = from + results.length
  return {
    results,
    page: {
      next_token: next < all.length ? String(next) : '',
      count: results.length,
      total: all.length,
    },
  }
}

function startOf(token: string | undefined): number {
  if (token === undefined || token === '') return 0
  if (!/^\d{1,9}$/.test(token)) throw new BadRequest('page.token: not one of ours')
  return Number(token)
}
