const QUESTION_LENGTH_MAX = 500
const WORDS_MAX = 16
const LIMIT_DEFAULT = '10'

/** What to look for. */
export interface Question {
  readonly text: string
  readonly words: readonly string[]
  readonly limit: number
}

/** The question, or why it is not valid. */
export type ParsedQuestion =
  | { readonly ok: true; readonly value: Question }
  | { readonly ok: false; readonly detail: string }

/**
 * Reads `?q=…&limit=…`. Only letters and digits count, so the search engine never takes a question for an
 * expression.
 */
export function parseQuestion(parameters: URLSearchParams): ParsedQuestion {
  for (const name of parameters.keys()) {
    if (name !== 'q' && name !== 'limit') {
      return { ok: false, detail: 'The only parameters are q and limit.' }
    }
    if (parameters.getAll(name).length > 1)
      return { ok: false, detail: `${name} must be given only once.` }
  }
  const text = parameters.get('q') ?? ''
  const words = [...text.matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => word)
  if (text.length > QUESTION_LENGTH_MAX || words.length === 0 || words.length > WORDS_MAX) {
    return {
      ok: false,
      detail: `q must have 1 to ${WORDS_MAX} words in at most ${QUESTION_LENGTH_MAX} characters.`,
    }
  }
  const limit = parameters.get('limit') ?? LIMIT_DEFAULT
  if (!/^(?:[1-9]|[1-4]\d|50)$/.test(limit)) {
    return { ok: false, detail: 'limit must be a number from 1 to 50.' }
  }
  return { ok: true, value: { text, words, limit: Number(limit) } }
}
