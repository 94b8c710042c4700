/**
 * Weights in blocks of few bits: how they are rounded, packed and read again. What computes with them is
 * `quantized-products.ts`, the file they lie in `base/quantized-file.ts`'s.
 *
 * A row is cut into blocks, each with a step of its own, so that a weight that stands out costs only its block. 8 bits:
 * w = scale * q, q signed, blocks of 32, scales float32. 4 bits: w = scale * (16 q - zero), blocks of 16, scales float16 in
 * a unit of the matrix, and zero a byte, so that a block need not lie about zero and its place is found to a sixteenth
 * of a step: weights that were in 4 bits before (llama.cpp's Q4_0, Q4_1, Q4_K) come through with a fifteenth of what
 * rounding them costs. Two rows share their bytes: row r has the lower halves, row r + rows / 2 the upper ones, so that
 * unpacking is two passes over bytes and no shuffle.
 *
 * Blocks of 32 with float32 scales, and the values of the attention in 4 bits, were rejected: on SmolLM2, its weights
 * reordered so that they lie on no grid, they cost 0.20 nats a token where this costs 0.08. So was NF4 (Dettmers et al.,
 * arXiv 2305.14314): in blocks of 64 its error on the weights was larger than even theirs, and reading a table is 8 times
 * slower in this runtime than the arithmetic.
 */

/** What the weights of a base can be held in: its linear layers' in 8 or 4 bits, or all in float32. */
export const WEIGHT_PRECISIONS = ['float32', 'q8', 'q4'] as const
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number]
export type QuantizedPrecision = Exclude<WeightPrecision, 'float32'>

/** Where the parts of a matrix [rows, width] in blocks lie in its file, beside its bytes. */
export type Blocks = {
  /** Weights in a block; divides the width. */
  readonly size: number
  /** Of the scales [rows, width / size]: float32 for 8 bits, float16 for 4. */
  readonly scaleOffset: number
} & (
  | { readonly bits: 8 }
  | {
      readonly bits: 4
      /** Of the uint8 zeros [rows, width / size]. */
      readonly zeroOffset: number
      /** Of the one float32 that the scales are multiples of. */
      readonly unitOffset: number
    }
)

/** A matrix in blocks, in memory. */
export type Quantized = Quantized8 | Quantized4

interface Quantized8 {
  readonly bits: 8
  /** int8 of each weight. */
  readonly bytes: Uint8Array
  readonly scales: Float32Array
}

interface Quantized4 {
  readonly bits: 4
  /** Of two weights each. */
  readonly bytes: Uint8Array
  readonly scales: Float16Array
  readonly zeros: Uint8Array
  /** A power of two. */
  readonly unit: number
}

const LARGEST_BLOCK = { 8: 32, 4: 16 } as const
const SMALLEST_BLOCK = 8

/** The largest size, up to 32 or 16, that cuts a row of this width evenly; the whole row, where it would be below 8. */
export function blockSize(width: number, bits: 8 | 4): number {
  for (let size: number = LARGEST_BLOCK[bits]; size >= SMALLEST_BLOCK; size--)
    if (width % size === 0) return size
  return width
}

/** Rounds rows that are cut into blocks of that size to 8 bits. */
export function quantize8(values: Float32Array, size: number): Quantized8 {
  const scales = new Float32Array(values.length / size)
  const bytes = new Int8Array(values.length)
  for (let block = 0; block < scales.length; block++)
    scales[block] = round8(values, block * size, size, bytes)
  return { bits: 8, bytes: new Uint8Array(bytes.buffer), scales }
}

/** Rounds a whole matrix, of an even number of rows, to 4 bits. */
export function quantize4(values: Float32Array, size: number): Quantized4 {
  const blocks = values.length / size
  const unit = unitOf(values, size)
  const scales = new Float16Array(blocks)
  const zeros = new Uint8Array(blocks)
  const codes = new Uint8Array(values.length)
  for (let block = 0; block < blocks; block++) {
    const { scale, zero } = grid4(values, block * size, size, unit)
    scales[block] = scale / unit
    zeros[block] = zero
    if (scale > 0) round4(values, block * size, size, scale, zero, codes)
  }
  return { bits: 4, bytes: packed(codes), scales, zeros, unit }
}

/** The weights as float32, to the bit as the graph makes them. */
export function dequantize(quantized: Quantized): Float32Array {
  const { bits, bytes, scales } = quantized
  const values = new Float32Array((bytes.length * 8) / bits)
  const size = values.length / scales.length
  const half = bytes.length
  for (let block = 0, i = 0; block < scales.length; block++) {
    if (bits === 8) {
      const scale = scales[block]!
      for (const end = i + size; i < end; i++) values[i] = ((bytes[i]! << 24) >> 24) * scale
      continue
    }
    const scale = scales[block]! * quantized.unit
    const zero = quantized.zeros[block]!
    for (const end = i + size; i < end; i++)
      values[i] = (16 * (i < half ? bytes[i]! & 15 : bytes[i - half]! >> 4) - zero) * scale
  }
  return values
}

/** @returns the block's scale, at which its largest size is 127 */
function round8(values: Float32Array, from: number, size: number, bytes: Int8Array): number {
  let largest = 0
  for (let i = from; i < from + size; i++) {
    const value = values[i]!
    if (value > largest) largest = value
    else if (-value > largest) largest = -value
  }
  const scale = Math.fround(largest / 127)
  if (scale === 0) return 0
  const factor = 1 / scale
  // Stored as an integer, which cuts off what is behind the point.
  for (let i = from; i < from + size; i++) {
    const place = values[i]! * factor
    bytes[i] = place < 0 ? place - 0.5 : place + 0.5
  }
  return scale
}

/** Where the 16 values of a block lie. */
interface Grid {
  /** A sixteenth of the step between two neighbours; 0 where all weights are. */
  readonly scale: number
  /** In scales, how far zero lies above the lowest value. */
  readonly zero: number
}

const NO_GRID: Grid = { scale: 0, zero: 0 }

/** So that even the smallest float16 is a float32 times it, by its power of two. */
const SMALLEST_UNIT = -100

/** The power of two in which every scale of the matrix is a float16 with room above. */
function unitOf(values: Float32Array, size: number): number {
  let largest = 0
  for (let from = 0; from < values.length; from += size) {
    const { low, high } = rangeOf(values, from, size)
    if (high - low > largest) largest = high - low
  }
  return 2 ** Math.max(SMALLEST_UNIT, Math.ceil(Math.log2(largest / 240)) - 14)
}

/** From the smallest to the largest weight, zero in between. */
function rangeOf(values: Float32Array, from: number, size: number): { low: number; high: number } {
  let low = 0
  let high = 0
  for (let i = from; i < from + size; i++) {
    const value = values[i]!
    if (value < low) low = value
    else if (value > high) high = value
  }
  return { low, high }
}

/** Times that a grid is fitted anew to what was rounded to it. More gain less than a hundredth. */
const FITS = 2

/** The grid that the weights lie on already; else that from the smallest to the largest, or one with less squared error. */
function grid4(values: Float32Array, from: number, size: number, unit: number): Grid {
  const { low, high } = rangeOf(values, from, size)
  const steps = stepsOf(values, from, size, low, high)
  let candidate = gridOf((high - low) / (steps ?? 15), low, unit)
  if (steps !== undefined) return candidate
  let best = NO_GRID
  let smallest = Number.POSITIVE_INFINITY
  for (let fit = 0; candidate !== NO_GRID && fit <= FITS; fit++) {
    const step = 16 * candidate.scale
    const factor = 1 / step
    const shift = candidate.zero / 16
    let error = 0
    // Of the line through the weights over their places on the grid, by least squares.
    let places = 0
    let squares = 0
    let sum = 0
    let products = 0
    for (let i = from; i < from + size; i++) {
      const value = values[i]!
      const place = nearest(value * factor + shift)
      const off = (place - shift) * step - value
      error += off * off
      places += place
      squares += place * place
      sum += value
      products += place * value
    }
    if (error >= smallest) break
    best = candidate
    smallest = error
    const slope = (size * products - places * sum) / (size * squares - places * places)
    candidate = gridOf(slope, (sum - slope * places) / size, unit)
  }
  return best
}

/** How far from a place on a grid, in steps, a weight of a base that was in 4 bits may be. */
const ON_GRID = 0.004
/** Fewer steps from the lowest weight to the highest would fit by chance. */
const FEWEST_STEPS = 7

/** How many equal steps the weights are on; undefined where they are on none. */
function stepsOf(
  values: Float32Array,
  from: number,
  size: number,
  low: number,
  high: number,
): number | undefined {
  steps: for (let steps = 15; steps >= FEWEST_STEPS; steps--) {
    const factor = steps / (high - low)
    for (let i = from; i < from + size; i++) {
      const place = (values[i]! - low) * factor
      if (Math.abs(place - Math.round(place)) > ON_GRID) continue steps
    }
    return steps
  }
  return undefined
}

/** With a scale that float16 holds; NO_GRID where it is too small to be one. */
function gridOf(step: number, low: number, unit: number): Grid {
  const scale = unit * Math.f16round(step / 16 / unit)
  if (!(scale > 0)) return NO_GRID
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-low / scale))) }
}

/** Of 0 to 15. */
function nearest(place: number): number {
  return place <= 0 ? 0 : place >= 15 ? 15 : (place + 0.5) | 0
}

function round4(
  values: Float32Array,
  from: number,
  size: number,
  scale: number,
  zero: number,
  codes: Uint8Array,
): void {
  const factor = 1 / (16 * scale)
  const shift = zero / 16
  for (let i = from; i < from + size; i++) codes[i] = nearest(values[i]! * factor + shift)
}

function packed(codes: Uint8Array): Uint8Array {
  const half = codes.length / 2
  const bytes = new Uint8Array(half)
  for (let i = 0; i < half; i++) bytes[i] = codes[i]! | (codes[half + i]! << 4)
  return bytes
}
