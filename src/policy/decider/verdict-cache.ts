/** What a cache of verdicts needs. */
export interface VerdictCacheOptions<Q, A> {
  /** A key that distinguishes everything that `decide` could; `undefined` for questions that are not remembered. */
  readonly keyOf: (question: Q) => string | undefined
  readonly decide: (question: Q) => A
  /** Whether an answer may be remembered. */
  readonly mayKeep: (answer: A) => boolean
  readonly entriesMax: number
  /** Remember answers only if deciding is measured to take longer than a lookup. */
  readonly isAuto: boolean
  readonly monotonicMs: () => number
}

/** No verdict is kept longer than this. */
const AGE_MAX_MS = 600_000

/**
 * Answers questions, from memory where that is faster. Answers are kept in two generations that take turns: none is
 * older than ten minutes, and there are never more than `entriesMax`.
 */
export function createVerdictCache<Q, A>(options: VerdictCacheOptions<Q, A>): (question: Q) => A {
  const { keyOf, decide, mayKeep, monotonicMs } = options
  const halfMax = Math.max(1, Math.floor(options.entriesMax / 2))
  const cost = options.isAuto ? createCostMeter(decide, monotonicMs) : undefined
  const measured = cost?.decide ?? decide
  let young = new Map<string, A>()
  let old = new Map<string, A>()
  let turnMs = monotonicMs() + AGE_MAX_MS / 2
  const turn = (nowMs: number): void => {
    old = nowMs - turnMs >= AGE_MAX_MS / 2 ? new Map<string, A>() : young
    young = new Map<string, A>()
    turnMs = nowMs + AGE_MAX_MS / 2
  }
  return (question) => {
    if (cost?.isDear() === false) return measured(question)
    const key = keyOf(question)
    if (key === undefined) return measured(question)
    const nowMs = monotonicMs()
    if (nowMs >= turnMs) turn(nowMs)
    const known = young.get(key) ?? old.get(key)
    if (known !== undefined) return known
    const answer = measured(question)
    if (mayKeep(answer)) {
      if (young.size >= halfMax) turn(nowMs)
      young.set(key, answer)
    }
    return answer
  }
}

/**
 * Looking up a verdict takes about a quarter of a microsecond; remembering does not pay for decisions faster than this.
 */
const DEAR_MS = 0.002
const CHEAP_MS = 0.001
const SAMPLE_ONE_IN = 8
const SAMPLES = 31

/** Measures a sample of the decisions, and says whether the median of the newest measurements was expensive. */
function createCostMeter<Q, A>(
  decide: (question: Q) => A,
  monotonicMs: () => number,
): { readonly decide: (question: Q) => A; isDear(): boolean } {
  let count = 0
  let dear = false
  const samples: number[] = []
  const judge = (): void => {
    const middle = samples.toSorted((a, b) => a - b)[SAMPLES >> 1] ?? 0
    dear = middle >= (dear ? CHEAP_MS : DEAR_MS)
    samples.length = 0
  }
  return {
    isDear: () => dear,
    decide(question) {
      count = (count + 1) % SAMPLE_ONE_IN
      if (count !== 0) return decide(question)
      const startMs = monotonicMs()
      const answer = decide(question)
      if (samples.push(monotonicMs() - startMs) === SAMPLES) judge()
      return answer
    },
  }
}
