import type { CheckItem } from '../plan.ts'
import type { Finding } from './check.ts'
import { excerpt } from './check.ts'

const BODY_CHARACTERS_MAX = 1_000_000

/** Follows a JSON pointer (RFC 6901 §4). */
function follow(value: unknown, pointer: string): unknown {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (at, part) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, part)
          ? (at as Record<string, unknown>)[part]
          : undefined,
      value,
    )
}

function pointTo(text: string, pointer: string): unknown {
  try {
    return follow(JSON.parse(text), pointer)
  } catch {
    return undefined
  }
}

/** Requests a URL and checks the answer. */
export async function checkHttp(
  { url, status, contains, pointer }: NonNullable<CheckItem['http']>,
  signal: AbortSignal,
): Promise<Finding> {
  const evidence = `GET ${url}`
  let response: Response
  let text: string
  try {
    response = await fetch(url, { signal, redirect: 'manual' })
    text = (await response.text()).slice(0, BODY_CHARACTERS_MAX)
  } catch (error) {
    return { status: 'fail', measured: 'no answer', reason: (error as Error).message, evidence }
  }
  const measured = `${response.status}, ${text.length} characters`
  const fail = (reason: string): Finding => ({ status: 'fail', measured, reason, evidence })
  if (response.status !== status) return fail(`expected the status ${status}`)
  if (contains !== undefined && !text.includes(contains))
    return fail(`it does not contain ${contains}`)
  if (pointer === undefined) return { status: 'pass', measured, reason: 'as expected', evidence }
  const found = pointTo(text, pointer)
  if (found === undefined || found === null) return fail(`there is nothing at ${pointer}`)
  const shown = `${pointer} = ${excerpt(JSON.stringify(found))}`
  return { status: 'pass', measured: shown, reason: 'as expected', evidence }
}
