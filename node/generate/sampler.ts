/**
 * Choosing the next token from logits. Pure: the random number comes from the caller's stream.
 *
 * Order as in the reference: temperature, then the k likeliest, then the smallest set of them that holds `topP` of
 * the probability (Holtzman et al., arXiv 1904.09751), then a draw. Of equal logits the lower id comes first.
 */
import type { Random } from '../model/random.ts'

export interface Sampling {
  /** 0: always the likeliest. */
  readonly temperature: number
  /** 0: all. */
  readonly topK: number
  /** 1: all. */
  readonly topP: number
}

export const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1 }

/** @throws TypeError when a setting is out of range, or no logit is a number. */
export function sample(logits: Float32Array, { temperature, topK, topP }: Sampling, random: Random): number {
  if (!(temperature >= 0) || !Number.isInteger(topK) || topK < 0 || !(topP > 0 && topP <= 1)) {
    throw new TypeError(`bad sampling: temperature ${temperature}, topK ${topK}, topP ${topP}`)
  }
  const best = likeliest(logits)
  if (temperature === 0 || topK === 1) return best
  let candidates = plausible(logits, logits[best]!, temperature)
  if (topK > 0 || topP < 1) candidates = candidates.sort((a, b) => logits[b]! - logits[a]! || a - b)
  if (topK > 0) candidates = candidates.slice(0, topK)
  const weights = candidates.map(id => Math.exp((logits[id]! - logits[best]!) / temperature))
  const kept = topP < 1 ? nucleus(weights, topP) : candidates.length
  return candidates[draw(weights.slice(0, kept), random)]!
}

/** The first id of the highest logit. */
function likeliest(logits: Float32Array): number {
  let best = -1
  for (let id = 0; id < logits.length; id++)
    if (!Number.isNaN(logits[id]!) && (best < 0 || logits[id]! > logits[best]!)) best = id
  if (best < 0) throw new TypeError('no logit is a number')
  return best
}

/** Ids whose probability is not beyond all chance (e^-40 of the best's): spares sorting the whole vocabulary. */
function plausible(logits: Float32Array, best: number, temperature: number): number[] {
  const least = best - 40 * temperature
  const ids: number[] = []
  for (let id = 0; id < logits.length; id++) if (logits[id]! >= least) ids.push(id)
  return ids
}

/** How many of the sorted weights it takes to hold this share of their sum; one at least. */
function nucleus(weights: readonly number[], share: number): number {
  const enough = share * weights.reduce((sum, weight) => sum + weight, 0)
  let held = 0
  let count = 0
  while (count < weights.length && (count === 0 || held < enough)) held += weights[count++]!
  return count
}

function draw(weights: readonly number[], random: Random): number {
  let rest = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    rest -= weight
    if (rest < 0) return index
  }
  return weights.length - 1
}
