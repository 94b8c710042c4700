/**
 * Weights in blocks of few bits: how they are rounded, packed and read again. What computes with them is
 * `quantized-products.ts`, the file they lie in `base/quantized-file.ts`'s.
 *
 * A row is cut into blocks, each with a step of its own (float32), so that a weight that stands out costs only its
 * block. 8 bits: w = scale * q, q signed. 4 bits: w = scale * (16 q - zero), with zero a byte, so that a block need not lie
 * about zero and its place is found to a sixteenth of a step: weights that were in 4 bits with a minimum before (as
 * llama.cpp's Q4_1 and Q4_K) come through with a fifteenth of what rounding them costs. Two rows share their bytes: row r
 * has the lower halves, row r + rows / 2 the upper ones, so that unpacking is two passes over bytes and no shuffle.
 *
 * Rejected: NF4 (Dettmers et al., arXiv 2305.14314). On SmolLM2's weights, turned so that they lie on no grid, the error
 * was 9.2 % with its blocks of 64, 8.7 % with blocks of 32, and 7.3 % as it is here; and reading a table is 8 times slower
 * in this runtime than the arithmetic.
 */

/** What the weights of a base can be held in: its linear layers' in 8 or 4 bits, or all in float32. */
export const WEIGHT_PRECISIONS = ['float32', 'q8', 'q4'] as const
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number]
export type QuantizedPrecision = Exclude<WeightPrecision, 'float32'>

/** Where the parts of a matrix [rows, width] in blocks lie in its file, beside its bytes. */
export interface Blocks {
  readonly bits: 8 | 4
  /** Weights in a block; divides the width. */
  readonly size: number
  /** Of the float32 scales [rows, width / size]. */
  readonly scaleOffset: number
  /** Of the uint8 zeros [rows, width / size], for 4 bits. */
  readonly zeroOffset?: number
}

/** A matrix in blocks, in memory. */
export interface Quantized {
  /** int8 of each weight; or of two, [rows / 2, width]. */
  readonly bytes: Uint8Array
  readonly scales: Float32Array
  /** For 4 bits. */
  readonly zeros?: Uint8Array
}

const LARGEST_BLOCK = 32
const SMALLEST_BLOCK = 8

/** The largest size up to 32 that cuts a row of this width evenly; the whole row, where it would be below 8. */
export function blockSize(width: number): number {
  for (let size = LARGEST_BLOCK; size >= SMALLEST_BLOCK; size--) if (width % size === 0) return size
  return width
}

/** Rounds a matrix whose rows are cut into blocks of that size; two rows for every byte need an even number of them. */
export function quantize(values: Float32Array, bits: 8 | 4, size: number): Quantized {
  const blocks = values.length / size
  const scales = new Float32Array(blocks)
  if (bits === 8) {
    const bytes = new Int8Array(values.length)
    for (let block = 0; block < blocks; block++) scales[block] = round8(values, block * size, size, bytes)
    return { bytes: new Uint8Array(bytes.buffer), scales }
  }
  const zeros = new Uint8Array(blocks)
  const codes = new Uint8Array(values.length)
  for (let block = 0; block < blocks; block++) {
    const grid = grid4(values, block * size, size)
    scales[block] = grid.step / 16
    zeros[block] = grid.zero
    round4(values, block * size, size, grid, codes)
  }
  return { bytes: packed(codes), scales, zeros }
}

/** The weights as float32, to the bit as the graph makes them. */
export function dequantize({ bytes, scales, zeros }: Quantized): Float32Array {
  const bits = zeros === undefined ? 8 : 4
  const count = bytes.length * (8 / bits)
  const size = count / scales.length
  const values = new Float32Array(count)
  const half = bytes.length
  for (let i = 0; i < count; i++) {
    const block = Math.floor(i / size)
    const whole =
      zeros === undefined
        ? (bytes[i]! << 24) >> 24
        : 16 * (i < half ? bytes[i]! & 15 : bytes[i - half]! >> 4) - zeros[block]!
    values[i] = whole * scales[block]!
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
  /** Between two neighbours; 0 where all weights are. */
  readonly step: number
  /** Sixteenths of a step that zero lies above the lowest value. */
  readonly zero: number
}

const NO_GRID: Grid = { step: 0, zero: 0 }

/** Times that a grid is fitted anew to what was rounded to it. More gain less than a hundredth. */
const FITS = 2

/** The grid from the smallest to the largest weight, or one that leaves a smaller squared error. */
function grid4(values: Float32Array, from: number, size: number): Grid {
  let low = 0
  let high = 0
  for (let i = from; i < from + size; i++) {
    const value = values[i]!
    if (value < low) low = value
    else if (value > high) high = value
  }
  let best = NO_GRID
  let smallest = Number.POSITIVE_INFINITY
  let candidate = gridOf((high - low) / 15, low)
  for (let fit = 0; candidate !== NO_GRID && fit <= FITS; fit++) {
    const { step, zero } = candidate
    const factor = 1 / step
    const shift = zero / 16
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
    candidate = gridOf(slope, (sum - slope * places) / size)
  }
  return best
}

/** A step that its float32 scale holds exactly; NO_GRID where it is too small to be one. */
function gridOf(step: number, low: number): Grid {
  const scale = Math.fround(step / 16)
  if (!(scale > 0)) return NO_GRID
  return { step: 16 * scale, zero: Math.min(255, Math.max(0, Math.round(-low / scale))) }
}

/** Of 0 to 15. */
function nearest(place: number): number {
  return place <= 0 ? 0 : place >= 15 ? 15 : (place + 0.5) | 0
}

function round4(
  values: Float32Array,
  from: number,
  size: number,
  { step, zero }: Grid,
  codes: Uint8Array,
): void {
  if (step === 0) return
  const factor = 1 / step
  const shift = zero / 16
  for (let i = from; i < from + size; i++) codes[i] = nearest(values[i]! * factor + shift)
}

function packed(codes: Uint8Array): Uint8Array {
  const half = codes.length / 2
  const bytes = new Uint8Array(half)
  for (let i = 0; i < half; i++) bytes[i] = codes[i]! | (codes[half + i]! << 4)
  return bytes
}
