/**
 * A whole Llama-type decoder block on the graph, for gradient checks and timings of the engine alone: rms-norm,
 * grouped-query attention with rotary embeddings and a block-diagonal causal mask, SwiGLU, residuals. The product's
 * own model is `node/model/llama.ts`; this one is here so that the engine's tests need no other room.
 */
import type { Graph, Value } from '../../node/graph/graph.ts'
import * as op from '../../node/graph/ops.ts'

export interface BlockSize {
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly ffn: number
}

export function blockShapes({
  hidden,
  heads,
  kvHeads,
  headDim,
  ffn,
}: BlockSize): Readonly<Record<string, readonly number[]>> {
  return {
    norm1: [hidden],
    q: [heads * headDim, hidden],
    k: [kvHeads * headDim, hidden],
    v: [kvHeads * headDim, hidden],
    o: [hidden, heads * headDim],
    norm2: [hidden],
    gate: [ffn, hidden],
    up: [ffn, hidden],
    down: [hidden, ffn],
  }
}

export function rmsNorm(x: Value, weight: Value): Value {
  const meanSquare = op.reduceMean(op.mul(x, x), [-1], true)
  return op.mul(op.div(x, op.sqrt(op.add(meanSquare, op.scalarLike(x, 1e-5)))), weight)
}

/** Cosines and sines of position times frequency, each [batch, 1, seq, headDim/2]. */
export function rotations(
  positions: Value,
  headDim: number,
  dtype: 'float32' | 'float64',
): { cos: Value; sin: Value } {
  const { graph } = positions
  const half = headDim / 2
  const exponent = op.mul(
    op.cast(op.range(graph, 0, half), dtype),
    op.scalar(graph, dtype, -Math.log(10000) / half),
  )
  const angles = op.mul(op.unsqueeze(op.cast(positions, dtype), [1, -1]), op.exp(exponent))
  return { cos: op.cos(angles), sin: op.sin(angles) }
}

function rotate(x: Value, headDim: number, { cos, sin }: { cos: Value; sin: Value }): Value {
  const [a, b] = op.split(x, -1, [headDim / 2, headDim / 2]) as [Value, Value]
  return op.concat([op.sub(op.mul(a, cos), op.mul(b, sin)), op.add(op.mul(b, cos), op.mul(a, sin))], -1)
}

/** True where a query may see a key: same segment, not later. [batch, 1, seq, seq] */
export function causalMask(graph: Graph, segments: Value): Value {
  const seq = op.range(graph, 0, segments.shape[1]!)
  const causal = op.lessOrEqual(op.unsqueeze(seq, [0]), op.unsqueeze(seq, [1])) // [seq, seq]
  const same = op.equal(op.unsqueeze(segments, [1]), op.unsqueeze(segments, [2])) // [batch, seq, seq]
  return op.unsqueeze(op.and(same, causal), [1])
}

/** x [batch, seq, hidden] -> the same shape. */
export function decoderBlock(
  x: Value,
  w: Readonly<Record<string, Value>>,
  size: BlockSize,
  rotation: { cos: Value; sin: Value },
  mask: Value,
): Value {
  const { heads, kvHeads, headDim } = size
  const group = heads / kvHeads
  const linear = (value: Value, weight: string) => op.matMul(value, w[weight]!, { transB: true })
  const toHeads = (value: Value, count: number) =>
    op.transpose(op.reshape(value, ['batch', 'seq', count, headDim]), [0, 2, 1, 3]) // [batch, count, seq, headDim]
  const normed = rmsNorm(x, w.norm1!)
  const q = rotate(toHeads(linear(normed, 'q'), heads), headDim, rotation)
  const k = rotate(toHeads(linear(normed, 'k'), kvHeads), headDim, rotation)
  const v = toHeads(linear(normed, 'v'), kvHeads)
  // The heads of one group attend as further rows of one product: keys are not repeated.
  const rows = op.reshape(q, ['batch', kvHeads, -1, headDim]) // [batch, kvHeads, group * seq, headDim]
  const scores = op.matMul(rows, k, { transB: true, alpha: headDim ** -0.5 })
  const perHead = op.reshape(scores, ['batch', heads, 'seq', 'seq'])
  const attention = op.softmax(op.where(mask, perHead, op.scalarLike(x, -1e9)), -1)
  const mixed = op.matMul(op.reshape(attention, ['batch', kvHeads, `${group}*seq`, 'seq']), v)
  const joined = op.transpose(op.reshape(mixed, ['batch', heads, 'seq', headDim]), [0, 2, 1, 3])
  const attended = op.add(x, linear(op.reshape(joined, ['batch', 'seq', -1]), 'o'))
  const normed2 = rmsNorm(attended, w.norm2!)
  const activated = op.mul(op.silu(linear(normed2, 'gate')), linear(normed2, 'up'))
  return op.add(attended, linear(activated, 'down'))
}
