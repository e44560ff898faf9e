import type { Random } from '../core/random.ts'
import type { Target } from './target.ts'

/** Chooses one of the available targets; one of `tried` only if there is no other. */
export type Pick = (nowMs: number, tried: readonly Target[]) => Target | undefined

/** How targets are chosen. */
export type BalanceKind = 'round-robin' | 'least-in-flight'

/** Creates the {@link Pick} of an upstream. */
export function createPick(kind: BalanceKind, targets: readonly Target[], random: Random): Pick {
  const choose = CHOOSERS[kind](random)
  const [only] = targets
  if (only !== undefined && targets.length === 1) {
    return (nowMs) => (only.isAvailable(nowMs) ? only : undefined)
  }
  return (nowMs, tried) => {
    const available = targets.filter((target) => target.isAvailable(nowMs))
    const fresh = available.filter((target) => !tried.includes(target))
    return choose(fresh.length > 0 ? fresh : available)
  }
}

type Choose = (targets: readonly Target[]) => Target | undefined

const CHOOSERS: Readonly<Record<BalanceKind, (random: Random) => Choose>> = {
  'round-robin': () => chooseByTurn,
  'least-in-flight': (random) => (targets) => chooseLessBusy(targets, random),
}

/** Smooth weighted round robin: targets take turns in proportion to their weights, spread out evenly. */
function chooseByTurn(targets: readonly Target[]): Target | undefined {
  let total = 0
  let best: Target | undefined
  for (const target of targets) {
    total += target.weight
    target.credit += target.weight
    if (best === undefined || target.credit > best.credit) best = target
  }
  if (best !== undefined) best.credit -= total
  return best
}

/**
 * The less busy of two drawn at random (Mitzenmacher, "The power of two choices", 2001): nearly as even as comparing
 * all, and gates that do not know of each other do not all choose the same target.
 */
function chooseLessBusy(targets: readonly Target[], random: Random): Target | undefined {
  const one = draw(targets, random)
  const other = draw(
    targets.filter((target) => target !== one),
    random,
  )
  if (one === undefined || other === undefined) return one
  return load(other) < load(one) ? other : one
}

const load = (target: Target): number => (target.inFlight + 1) / target.weight

function draw(targets: readonly Target[], random: Random): Target | undefined {
  let left = random.fraction() * targets.reduce((sum, target) => sum + target.weight, 0)
  for (const target of targets) {
    left -= target.weight
    if (left < 0) return target
  }
  return targets.at(-1)
}
