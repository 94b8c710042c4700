/**
 * Products with weights that stay in blocks of few bits: a weight is made float32 just before the product that needs it,
 * and is gone after it, in the forward pass and once more in the backward pass (QLoRA: Dettmers et al., arXiv 2305.14314).
 *
 * There is one copy of the bytes, mapped from the file. Results are to the bit those of float32 products with the
 * dequantised weight. A table too large to be made float32 at once (a vocabulary) is multiplied with by parts, and its
 * rows are looked up without the rest. What a weight's value was made from is remembered here, so that whoever has it
 * (a method, a loss) need not know; used as any other value, it is the whole matrix.
 */
import { composite } from '../graph/composite.ts'
import type { Graph, Value } from '../graph/graph.ts'
import {
  add,
  after,
  cast,
  concat,
  dequantizeRows,
  gather,
  highNibbles,
  lowNibbles,
  matMul,
  mul,
  reshape,
  slice,
} from '../graph/ops.ts'
import type { DType } from '../graph/tensor.ts'
import type { Blocks } from './quantized.ts'

/** A matrix in blocks as external data of a graph. */
interface Matrix {
  readonly rows: number
  readonly width: number
  readonly block: number
  /** int8 [rows, width], or uint8 [rows / 2, width] with two weights each. */
  readonly bytes: Value
  readonly scales: Value // float32 or float16 [rows, width / block]
  readonly four: { readonly zeros: Value; readonly unit: Value } | undefined // uint8 [rows, width / block]; float32 [1]
}

const matrices = new WeakMap<Value, Matrix>()

/** Weights made float32 at a time (32 MiB), where rows can be taken by parts. */
const PART = 8 << 20

/** The weight [rows, width] of a file, dequantised where it is used. */
export function quantizedWeight(
  graph: Graph,
  name: string,
  path: string,
  entry: { readonly shape: readonly number[]; readonly offset: number; readonly length: number },
  blocks: Blocks,
): Value {
  const [rows, width] = entry.shape as [number, number]
  const { size, scaleOffset } = blocks
  const shape = [rows, width / size]
  const count = (rows * width) / size
  const part = (kind: string, dtype: DType, dims: readonly number[], offset: number, length: number) =>
    graph.weight(`${name}${kind}`, dtype, dims, { path, offset, length })
  const { offset, length } = entry
  const common = { rows, width, block: size }
  const matrix: Matrix =
    blocks.bits === 8
      ? {
          ...common,
          bytes: part('', 'int8', [rows, width], offset, length),
          scales: part('.scales', 'float32', shape, scaleOffset, 4 * count),
          four: undefined,
        }
      : {
          ...common,
          bytes: part('', 'uint8', [rows / 2, width], offset, length),
          scales: part('.scales', 'float16', shape, scaleOffset, 2 * count),
          four: {
            zeros: part('.zeros', 'uint8', shape, blocks.zeroOffset, count),
            unit: part('.unit', 'float32', [1], blocks.unitOffset, 4),
          },
        }
  const value = dequantized(matrix)
  matrices.set(value, matrix)
  return value
}

/** x Wᵀ for a frozen weight [out, in], in blocks or not. `x` is [rows, in]. */
export function product(x: Value, weight: Value): Value {
  const matrix = matrices.get(weight)
  if (matrix === undefined) return matMul(x, weight, { transB: true })
  const parts = partsOf(matrix)
  return composite(
    [x],
    () => {
      const late = behind(matrix, x)
      return concat(
        parts.map(part => matMul(x, dequantized(late, part), { transB: true })),
        1,
      )
    },
    g => {
      const late = behind(matrix, g)
      return [
        parts
          .map(part => matMul(slice(g, 1, part.from, part.to), dequantized(late, part)))
          .reduce((sum, term) => add(term, sum)),
      ]
    },
  )
}

/** Rows of a frozen weight [rows, width], in blocks or not. `ids` int64 [n]. @returns [n, width] */
export function rowsOf(weight: Value, ids: Value): Value {
  const matrix = matrices.get(weight)
  if (matrix === undefined || matrix.four !== undefined) return gather(weight, ids)
  return scaled(gather(matrix.bytes, ids), gather(matrix.scales, ids), undefined, matrix.block)
}

interface Part {
  readonly from: number
  readonly to: number
}

/** Ranges of rows that are made float32 together. Rows that share bytes stay together. */
function partsOf({ rows, width, four }: Matrix): Part[] {
  const count = four === undefined ? Math.ceil((rows * width) / PART) : 1
  const step = Math.ceil(rows / count)
  return Array.from({ length: count }, (_, i) => ({ from: i * step, to: Math.min(rows, (i + 1) * step) }))
}

/** The matrix, of which nothing is made before `x` is there: the runtime would make all weights float32 at the start. */
function behind(matrix: Matrix, x: Value): Matrix {
  return { ...matrix, bytes: after(matrix.bytes, x), scales: after(matrix.scales, x) }
}

/** Rows of a matrix as float32. */
function dequantized(matrix: Matrix, { from, to }: Part = { from: 0, to: matrix.rows }): Value {
  const { bytes, scales, four, block } = matrix
  if (four === undefined) {
    return scaled(slice(bytes, 0, from, to), slice(scales, 0, from, to), undefined, block)
  }
  const whole = mul(cast(scales, 'float32'), four.unit)
  return scaled(concat([lowNibbles(bytes), highNibbles(bytes)], 0), whole, four.zeros, block)
}

/** Numbers [rows, width], and scales and zeros [rows, width / block] of their blocks, as float32 [rows, width]. */
function scaled(numbers: Value, scales: Value, zeros: Value | undefined, block: number): Value {
  const flat = (value: Value) => reshape(value, [-1])
  const values = dequantizeRows(
    reshape(numbers, [-1, block]),
    flat(scales),
    zeros === undefined ? undefined : flat(zeros),
  )
  return reshape(values, numbers.shape)
}
