/**
 * A tensor in plain memory: what goes into and comes out of a session, and what a graph's constants hold.
 *
 * Not ONNX Runtime's own Tensor: that one belongs to `session.ts`, the only file that knows the runtime. Data is
 * row-major; the typed array is shared, not copied, wherever a tensor is passed on.
 */

/** Element types. Booleans are bytes 0 or 1; float16 is its bits. */
export type DType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool'

export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array
  | Uint16Array

export interface Tensor {
  readonly dtype: DType
  readonly dims: readonly number[]
  readonly data: TensorData
}

const ARRAY_OF = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>

/** Types that carry a gradient. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16'
}

/** Number of elements of a shape; 1 for a scalar's `[]`. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1)
}

/**
 * A tensor over the given data, which is not copied.
 * @throws TypeError when the array's kind does not fit the type, or its length the shape.
 */
export function tensor(dtype: DType, dims: readonly number[], data: TensorData): Tensor {
  if (!(data instanceof ARRAY_OF[dtype]))
    throw new TypeError(`${dtype} needs ${ARRAY_OF[dtype].name}, not ${data.constructor.name}`)
  if (data.length !== elementCount(dims))
    throw new TypeError(`[${dims.join(', ')}] needs ${elementCount(dims)} elements, not ${data.length}`)
  return { dtype, dims, data }
}

/** A tensor made from plain numbers, rounded to the type (float16 is not offered: nothing needs it yet). */
export function tensorOf(
  dtype: Exclude<DType, 'float16'>,
  dims: readonly number[],
  values: readonly number[],
): Tensor {
  if (dtype === 'int64')
    return tensor(
      dtype,
      dims,
      BigInt64Array.from(values, value => BigInt(value)),
    )
  return tensor(dtype, dims, ARRAY_OF[dtype].from(values))
}

/** The elements as numbers, for reading indices, sizes and small results. float16 is given as its bits. */
export function toNumbers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number)
}
