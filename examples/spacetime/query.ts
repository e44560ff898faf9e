import { problem } from '../problem.ts'

/** The parameters of a query by name, or the problem with them. */
export type Query =
  | { readonly ok: true; readonly value: Readonly<Record<string, string | undefined>> }
  | { readonly ok: false; readonly response: Response }

/** Reads a query: only the expected parameters, each at most once and in its own format. */
export function readQuery(url: URL, expected: Readonly<Record<string, RegExp>>): Query {
  const value: Record<string, string> = {}
  for (const [name, text] of url.searchParams) {
    const form = Object.hasOwn(expected, name) ? expected[name] : undefined
    if (form === undefined) return refuse(`There is no parameter ${JSON.stringify(name)}.`)
    if (Object.hasOwn(value, name)) return refuse(`${name} must be given only once.`)
    if (!form.test(text)) return refuse(`${name} must match ${form.source}.`)
    value[name] = text
  }
  return { ok: true, value }
}

const refuse = (detail: string): Query => ({
  ok: false,
  response: problem(400, 'Bad request', detail),
})
