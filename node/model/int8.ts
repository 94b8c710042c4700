/**
 * Products with frozen weights in 8 bits, forward and backward: both operands are bytes, sums are exact integers.
 *
 * A weight is there twice: as the forward product reads it, a scale for each output, and as the backward product
 * does, a scale for each input; together they take half of what float32 takes. Activations and gradients are quantised
 * where they come up, each row (token) by its own scale. A few features of a base stand out so much that all others of
 * their row would lose their bits: so what goes forward is turned by a Hadamard matrix first, block by block, and the
 * weight by the same, which leaves the product as it is (Ashkboos et al., arXiv 2404.00456). Measured on SmolLM2-135M:
 * without it the loss rose by 6 %, with it by 0.1 %. The file is made by `base/int8-file.ts`.
 */
import { composite } from '../graph/composite.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { matMul, quantizedMatMul, quantizeRows, reshape } from '../graph/ops.ts'
import { tensor } from '../graph/tensor.ts'
import type { ModelHooks } from './hooks.ts'

/** Bytes of a matrix, and a scale (float32) for each of its columns, at their places in the file. */
export interface Int8Matrix {
  readonly shape: readonly [number, number]
  readonly offset: number
  readonly scaleOffset: number
}

export interface Int8Weights {
  readonly path: string
  /** By the path of the linear layer. */
  readonly layers: ReadonlyMap<
    string,
    {
      readonly forward: Int8Matrix // [in, out]
      readonly backward: Int8Matrix // [out, in]
    }
  >
}

/** Products of the layers that the file has; others stay as they are. */
export function int8Products(graph: Graph, weights: Int8Weights): NonNullable<ModelHooks['product']> {
  const matrix = (name: string, { shape, offset, scaleOffset }: Int8Matrix): [Value, Value] => {
    const length = shape[0] * shape[1]
    return [
      graph.weight(`${name}.int8`, 'int8', shape, { path: weights.path, offset, length }),
      graph.weight(`${name}.scale`, 'float32', [shape[1]], {
        path: weights.path,
        offset: scaleOffset,
        length: 4 * shape[1],
      }),
    ]
  }
  return (path, x) => {
    const layer = weights.layers.get(path)
    if (layer === undefined) return undefined
    return composite(
      [x],
      () => quantizedMatMul(quantizeRows(spread(x)), ...matrix(`${path}.forward`, layer.forward)),
      g => [quantizedMatMul(quantizeRows(g), ...matrix(`${path}.backward`, layer.backward))],
    )
  }
}

/** The largest block that is turned at once. */
const LARGEST_BLOCK = 64

/** The size of the blocks that a row of this width is turned in: a power of two that divides it. */
export function spreadBlock(width: number): number {
  let block = 1
  while (block < LARGEST_BLOCK && width % (2 * block) === 0) block *= 2
  return block
}

/** Each block of each row times the orthogonal Hadamard matrix, which spreads a value that stands out over its block. */
function spread(x: Value): Value {
  const width = x.shape[1] as number
  const block = spreadBlock(width)
  const matrix = Float32Array.from({ length: block * block }, (_, i) => {
    const isOdd = bitCount(Math.floor(i / block) & (i % block)) % 2 === 1
    return (isOdd ? -1 : 1) / Math.sqrt(block)
  })
  const hadamard = x.graph.constant(tensor('float32', [block, block], matrix))
  return reshape(matMul(reshape(x, [-1, block]), hadamard), [-1, width])
}

function bitCount(value: number): number {
  let count = 0
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1
  return count
}
