import type { Random } from '../core/index.ts'

/** Probabilities of a mean at least as far from 0 by chance: on either side, and above only. */
export interface SignFlipTest {
  readonly pTwoSided: number
  readonly pGreater: number
  /** Whether every assignment of signs was evaluated. */
  readonly exact: boolean
}

const EXACT_SIZE_MAX = 16
const SAMPLES = 20_000

/**
 * Sign-flip permutation test (Fisher 1935): whether paired differences have mean 0. Their
 * distributions must be symmetric if there is no effect, which the random order of the pairs ensures.
 * Exact up to 16 differences; beyond, by 20,000 random assignments, including the observed one.
 */
export function signFlipTest(differences: ArrayLike<number>, random: Random): SignFlipTest {
  const size = differences.length
  if (size === 0) return { pTwoSided: 1, pGreater: 1, exact: true }
  let observed = 0
  let scale = 0
  for (let at = 0; at < size; at += 1) {
    observed += differences[at]!
    scale += Math.abs(differences[at]!)
  }
  // Sums of the same terms in another order differ by rounding, but count as equal.
  const slack = scale * 1e-12
  let greater = 0
  let further = 0
  const count = (sum: number): void => {
    if (sum >= observed - slack) greater += 1
    if (Math.abs(sum) >= Math.abs(observed) - slack) further += 1
  }
  if (size <= EXACT_SIZE_MAX) {
    eachAssignment(differences, count)
    const total = 2 ** size
    return { pTwoSided: further / total, pGreater: greater / total, exact: true }
  }
  count(observed)
  for (let sample = 1; sample < SAMPLES; sample += 1) {
    let sum = 0
    let signs = 0
    for (let at = 0; at < size; at += 1) {
      // One draw provides 32 signs.
      if (at % 32 === 0) signs = random.below(2 ** 32)
      sum += signs & 1 ? differences[at]! : -differences[at]!
      signs >>>= 1
    }
    count(sum)
  }
  return { pTwoSided: further / SAMPLES, pGreater: greater / SAMPLES, exact: false }
}

/** Visits the sums of all assignments in the order of a Gray code: one sign changes at a time. */
function eachAssignment(differences: ArrayLike<number>, visit: (sum: number) => void): void {
  const size = differences.length
  const signs = new Int8Array(size).fill(1)
  let sum = 0
  for (let at = 0; at < size; at += 1) sum += differences[at]!
  visit(sum)
  for (let code = 1; code < 2 ** size; code += 1) {
    const at = 31 - Math.clz32(code & -code)
    sum -= 2 * signs[at]! * differences[at]!
    signs[at] = -signs[at]!
    visit(sum)
  }
}
