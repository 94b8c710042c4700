/**
 * Is one adapter better than another on the same items, or was it luck? Two tests on paired differences, which ask
 * nothing of their distribution. A hundred users with one query each cannot show a small difference in accuracy, so
 * every comparison is reported with these.
 */
import { randomFrom } from '../model/random.ts'

export interface PairedResult {
  readonly pairs: number
  /** Mean of the differences. */
  readonly mean: number
  /** Differences above, below and equal to zero. */
  readonly better: number
  readonly worse: number
  readonly ties: number
  /** Two-sided p of the sign test: exact, ties left out. */
  readonly signP: number
  /**
   * Two-sided p of the sign-flip permutation test on the mean. Exact up to 16 differences other than zero; beyond,
   * from `draws` random flips (seeded), counting the observed one, so it is never 0.
   */
  readonly permutationP: number
}

const EXACT_UP_TO = 16

/** `differences`: first minus second, one a pair, higher being better. No pairs: both p are 1, the mean is NaN. */
export function pairedTest(
  differences: readonly number[],
  options: { readonly seed?: number; readonly draws?: number } = {},
): PairedResult {
  if (!differences.every(Number.isFinite)) throw new TypeError('a difference is not a finite number')
  const better = differences.filter(value => value > 0).length
  const worse = differences.filter(value => value < 0).length
  const sum = differences.reduce((total, value) => total + value, 0)
  return {
    pairs: differences.length,
    mean: sum / differences.length,
    better,
    worse,
    ties: differences.length - better - worse,
    signP: signTest(better, worse),
    permutationP: permutationTest(
      differences.filter(value => value !== 0).map(Math.abs),
      Math.abs(sum),
      options.seed ?? 0,
      options.draws ?? 20_000,
    ),
  }
}

/** Two-sided binomial test with p = 1/2, exact, in logarithms so that thousands of pairs do not overflow. */
function signTest(better: number, worse: number): number {
  const n = better + worse
  const smaller = Math.min(better, worse)
  let logTerm = -n * Math.LN2
  let tail = 0
  for (let k = 0; k <= smaller; k++) {
    tail += Math.exp(logTerm)
    logTerm += Math.log(n - k) - Math.log(k + 1)
  }
  return Math.min(1, 2 * tail)
}

function permutationTest(sizes: readonly number[], observed: number, seed: number, draws: number): number {
  // Rounding must not make a permutation that equals the observed one miss it.
  const threshold = observed * (1 - 1e-12)
  const total = sizes.reduce((sum, value) => sum + value, 0)
  let extreme = 0
  if (sizes.length <= EXACT_UP_TO) {
    const count = 2 ** sizes.length
    for (let flips = 0; flips < count; flips++) {
      let sum = total
      for (const [i, size] of sizes.entries()) if (flips & (1 << i)) sum -= 2 * size
      if (Math.abs(sum) >= threshold) extreme++
    }
    return extreme / count
  }
  const random = randomFrom(seed)
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    let bits = 0
    for (const [i, size] of sizes.entries()) {
      if (i % 32 === 0) bits = random.bits()
      sum += bits & 1 ? size : -size
      bits >>>= 1
    }
    if (Math.abs(sum) >= threshold) extreme++
  }
  return (extreme + 1) / (draws + 1)
}
