/** What a cache of verdicts stands on. */
export interface VerdictCacheOptions<Q, A> {
  /** A key that tells apart whatever `decide` could; `undefined` for questions that are not kept. */
  readonly keyOf: (question: Q) => string | undefined
  readonly decide: (question: Q) => A
  /** Whether an answer may be remembered. */
  readonly mayKeep: (answer: A) => boolean
  readonly entriesMax: number
  /** Remember only where deciding is measured to take longer than looking up. */
  readonly isAuto: boolean
  readonly monotonicMs: () => number
}

/** No verdict outlives this, whatever it says. */
const AGE_MAX_MS = 600_000

/**
 * Answers questions, from memory where that is faster. Two generations of answers take turns: nothing is
 * older than ten minutes, and there is never more than `entriesMax`.
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

/** Looking up a verdict takes about a quarter of a microsecond; below this it does not pay. */
const DEAR_MS = 0.002
const CHEAP_MS = 0.001
const SAMPLE_ONE_IN = 8
const SAMPLES = 31

/** Measures a few decisions of many, and says whether the middle one of the newest was dear. */
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
