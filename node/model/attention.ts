/**
 * Causal attention with grouped heads and rotary positions, over rows that hold several sequences (segments).
 *
 * Knows heads, not weights: projections are the architecture file's. Heads that share keys are folded into the query axis,
 * so that grouped attention is plain products without copies of keys and values.
 * Rotary embedding: Su et al., arXiv 2104.09864, in Hugging Face's half-split order.
 */
import type { Graph, Value } from '../graph/graph.ts'
import {
  add,
  and,
  cast,
  concat,
  cos,
  equal,
  less,
  lessOrEqual,
  matMul,
  mul,
  reshape,
  scalarLike,
  sin,
  softmax,
  split,
  sub,
  transpose,
  unsqueeze,
  where,
} from '../graph/ops.ts'
import { tensorOf } from '../graph/tensor.ts'
import type { LlamaConfig, RopeConfig } from './config.ts'

/** A float that a probability after softmax cannot survive, and that a score can be added to without overflow. */
const MASKED = -1e30

/** Where tokens stand: int64 [batch, length]. Tokens see each other within a segment only; 0 is padding. */
export interface Places {
  readonly positions: Value
  readonly segments: Value
}

/** Cosines and sines of every token's angles. */
export interface Rotation {
  readonly cos: Value // [batch, seq, 1, headDim/2]
  readonly sin: Value // [batch, seq, 1, headDim/2]
}

/** Angular frequency of each pair of dimensions. */
export function ropeFrequencies(rope: RopeConfig, headDim: number): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => rope.theta ** ((-2 * i) / headDim))
  switch (rope.type) {
    case 'default':
      return plain
    case 'linear':
      return plain.map(frequency => frequency / rope.factor)
    case 'llama3':
      // Llama 3.1: long waves are stretched, short ones left, those between blended.
      return plain.map(frequency => {
        const turns = (rope.originalMaxPositions * frequency) / (2 * Math.PI)
        const blend = (turns - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor)
        const kept = Math.min(1, Math.max(0, blend))
        return (1 - kept) * (frequency / rope.factor) + kept * frequency
      })
  }
}

/** Angles of all tokens, once for all layers. `dtype` is the type of the activations. */
export function rotation(
  graph: Graph,
  config: LlamaConfig,
  positions: Value,
  dtype: 'float32' | 'float64',
): Rotation {
  const frequencies = ropeFrequencies(config.rope, config.headDim)
  const angles = mul(
    cast(unsqueeze(positions, [2, 3]), dtype),
    graph.constant(tensorOf(dtype, [frequencies.length], frequencies)),
  )
  return { cos: cos(angles), sin: sin(angles) }
}

/** [batch, seq, heads, headDim], each half-split pair turned by its angle. */
export function rotate(x: Value, { cos, sin }: Rotation): Value {
  const half = (x.shape[3] as number) / 2
  const [a, b] = split(x, 3, [half, half]) as [Value, Value]
  return concat([sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))], 3)
}

/** 0 where a query may see a key, else MASKED, for the folded heads of a group; once for all layers. */
export function attentionMask(
  config: LlamaConfig,
  queries: Places,
  keys: Places,
  dtype: 'float32' | 'float64',
): Value {
  const [queryAt, keyAt] = [unsqueeze(queries.positions, [2]), unsqueeze(keys.positions, [1])]
  let seen = and(
    equal(unsqueeze(queries.segments, [2]), unsqueeze(keys.segments, [1])),
    lessOrEqual(keyAt, queryAt),
  )
  if (config.slidingWindow !== undefined)
    seen = and(seen, less(sub(queryAt, keyAt), scalarLike(queryAt, config.slidingWindow)))
  const zero = queries.positions.graph.constant(tensorOf(dtype, [], [0]))
  const bias = unsqueeze(where(seen, zero, scalarLike(zero, MASKED)), [1]) // [batch, 1, seq, keys]
  return concat(new Array<Value>(config.heads / config.kvHeads).fill(bias), 2) // [batch, 1, group*seq, keys]
}

/**
 * softmax(q kᵀ / sqrt(headDim) + mask) v.
 * @param q [batch, seq, heads, headDim]; k, v [batch, keys, kvHeads, headDim], all rotated where they must be
 * @returns [batch*seq, heads*headDim]
 */
export function attend(config: LlamaConfig, q: Value, k: Value, v: Value, mask: Value): Value {
  const { heads, kvHeads, headDim } = config
  const [batch, seq] = q.shape as [string, string]
  const group = heads / kvHeads
  const grouped = transpose(reshape(q, [batch, seq, kvHeads, group, headDim]), [0, 2, 3, 1, 4])
  const queries = reshape(grouped, [batch, kvHeads, -1, headDim]) // [batch, kvHeads, group*seq, headDim]
  const keys = transpose(k, [0, 2, 1, 3]) // [batch, kvHeads, keys, headDim]
  const values = transpose(v, [0, 2, 1, 3]) // [batch, kvHeads, keys, headDim]
  const scores = add(matMul(queries, keys, { transB: true, alpha: 1 / Math.sqrt(headDim) }), mask)
  const mixed = matMul(softmax(scores, 3), values) // [batch, kvHeads, group*seq, headDim]
  const apart = transpose(reshape(mixed, [batch, kvHeads, group, seq, headDim]), [0, 3, 1, 2, 4])
  return reshape(apart, [-1, heads * headDim])
}
