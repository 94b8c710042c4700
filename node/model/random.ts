/**
 * Seeded pseudo-random numbers, the same on every machine: initial weights, shuffles, dropout, sampling.
 *
 * xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32. Not for secrets: keys and nonces come
 * from the operating system. Rejected: Math.random, which has no seed.
 */
export interface Random {
  /** 32 random bits, as an unsigned integer. */
  bits(): number
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Standard normal (Box-Muller). */
  normal(): number
  /** Uniform integer in [0, limit). */
  below(limit: number): number
  /** The state, from which `randomAt` goes on. */
  state(): RandomState
}

export type RandomState = readonly [number, number, number, number]

/** A stream for this seed (any safe integer) and these further numbers: other numbers, independent streams. */
export function randomFrom(seed: number, ...stream: readonly number[]): Random {
  let mixed = 0x9e3779b9
  for (const number of [seed, ...stream]) {
    if (!Number.isSafeInteger(number)) throw new TypeError(`a seed is a safe integer, not ${number}`)
    mixed = splitmix(mixed ^ (number | 0))
    mixed = splitmix(mixed ^ Math.floor(number / 2 ** 32))
  }
  const words = [1, 2, 3, 4].map(i => splitmix((mixed + Math.imul(i, 0x9e3779b9)) | 0)) as [
    number,
    number,
    number,
    number,
  ]
  return randomAt(words)
}

/** Goes on from a saved state. */
export function randomAt(state: RandomState): Random {
  let [a, b, c, d] = state
  if ((a | b | c | d) === 0) a = 1 // the one state that xoshiro never leaves
  const bits = (): number => {
    const times5 = Math.imul(b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  const uniform = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) * 2 ** -53
  return {
    bits,
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: limit => Math.floor(uniform() * limit),
    state: () => [a, b, c, d],
  }
}

/** In place, Fisher and Yates. Returns the same array. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const item = items[i] as T
    items[i] = items[j] as T
    items[j] = item
  }
  return items
}

function splitmix(word: number): number {
  let z = (word + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return z ^ (z >>> 16)
}
