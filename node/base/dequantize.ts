/**
 * ggml's quantised blocks to float32.
 *
 * A block is a run of consecutive weights of one row. Each type is one row of the table: weights and bytes per
 * block, and how one block is read. The reading follows ggml-quants.c's `dequantize_row_*`, with every product
 * and sum rounded to float32 as there, so that results agree bit for bit.
 * Layouts: ggml-common.h. Files and tensors belong to `gguf.ts` and `weights-file.ts`.
 */
import { OppuError } from '../../protocol/errors.ts'
import { toFloat32 } from '../model/safetensors.ts'

export interface BlockType {
  /** Weights per block. */
  readonly weights: number
  /** Bytes per block. */
  readonly bytes: number
  /** Reads `count` blocks from the start of `bytes` into the start of `values`. */
  readonly read: (bytes: Uint8Array, count: number, values: Float32Array) => void
}

/** By ggml's name of the type. What is not here is not supported. */
export const BLOCK_TYPES: Readonly<Record<string, BlockType>> = {
  F32: { weights: 1, bytes: 4, read: (bytes, _, values) => values.set(toFloat32(bytes, 'F32')) },
  F16: { weights: 1, bytes: 2, read: (bytes, _, values) => values.set(toFloat32(bytes, 'F16')) },
  BF16: { weights: 1, bytes: 2, read: (bytes, _, values) => values.set(toFloat32(bytes, 'BF16')) },
  Q4_0: { weights: 32, bytes: 18, read: blocks(18, 32, readQ4_0) },
  Q4_1: { weights: 32, bytes: 20, read: blocks(20, 32, readQ4_1) },
  Q5_0: { weights: 32, bytes: 22, read: blocks(22, 32, readQ5_0) },
  Q5_1: { weights: 32, bytes: 24, read: blocks(24, 32, readQ5_1) },
  Q8_0: { weights: 32, bytes: 34, read: blocks(34, 32, readQ8_0) },
  Q4_K: { weights: 256, bytes: 144, read: blocks(144, 256, readQ4_K) },
  Q5_K: { weights: 256, bytes: 176, read: blocks(176, 256, readQ5_K) },
  Q6_K: { weights: 256, bytes: 210, read: blocks(210, 256, readQ6_K) },
}

/** @throws OppuError UNSUPPORTED_QUANTIZATION naming the tensor and the type. */
export function blockType(typeName: string, tensor: string): BlockType {
  const type = Object.hasOwn(BLOCK_TYPES, typeName) ? BLOCK_TYPES[typeName] : undefined
  if (type === undefined)
    throw new OppuError(
      'UNSUPPORTED_QUANTIZATION',
      `tensor ${tensor} is quantised as ${typeName}, which is not supported`,
    )
  return type
}

type ReadBlock = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void

function blocks(size: number, weights: number, read: ReadBlock): BlockType['read'] {
  return (bytes, count, values) => {
    for (let block = 0; block < count; block++) read(bytes, block * size, values, block * weights)
  }
}

const round = Math.fround

/** Every half by its bits; `toFloat32` holds the same table, but hands out whole tensors only. */
const HALVES = toFloat32(new Uint8Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer), 'F16')

function half(bytes: Uint8Array, at: number): number {
  return HALVES[bytes[at]! | (bytes[at + 1]! << 8)]!
}

/** d, 16 bytes of two 4-bit weights each: low halves first. w = d * (q - 8) */
function readQ4_0(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 2 + i]!
    values[to + i] = d * ((pair & 15) - 8)
    values[to + 16 + i] = d * ((pair >> 4) - 8)
  }
}

/** d, m, 16 bytes as above. w = d * q + m */
function readQ4_1(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  const m = half(bytes, at + 2)
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + 4 + i]!
    values[to + i] = round(d * (pair & 15)) + m
    values[to + 16 + i] = round(d * (pair >> 4)) + m
  }
}

/** Weight `index` of 32, 5 bits: 4 bytes of fifth bits, weight i's in bit i, then 16 bytes as in Q4_0. */
function fiveBits(bytes: Uint8Array, at: number, index: number): number {
  const fifth = (bytes[at + (index >> 3)]! >> (index & 7)) & 1
  return ((bytes[at + 4 + (index & 15)]! >> (index < 16 ? 0 : 4)) & 15) | (fifth << 4)
}

/** d, 32 weights. w = d * (q - 16) */
function readQ5_0(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  for (let i = 0; i < 32; i++) values[to + i] = d * (fiveBits(bytes, at + 2, i) - 16)
}

/** d, m, 32 weights. w = d * q + m */
function readQ5_1(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  const m = half(bytes, at + 2)
  for (let i = 0; i < 32; i++) values[to + i] = round(d * fiveBits(bytes, at + 4, i)) + m
}

/** d, 32 signed bytes. w = d * q */
function readQ8_0(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  for (let i = 0; i < 32; i++) values[to + i] = d * ((bytes[at + 2 + i]! << 24) >> 24)
}

/** Scale `index` of eight, 6 bits, out of the 12 bytes that Q4_K and Q5_K pack scales and minima in. */
function scaleK(bytes: Uint8Array, at: number, index: number): number {
  if (index < 4) return bytes[at + index]! & 63
  return (bytes[at + index + 4]! & 15) | ((bytes[at + index - 4]! >> 6) << 4)
}

function minimumK(bytes: Uint8Array, at: number, index: number): number {
  if (index < 4) return bytes[at + index + 4]! & 63
  return (bytes[at + index + 4]! >> 4) | ((bytes[at + index]! >> 6) << 4)
}

/** d, dmin, 12 bytes of scales and minima, 128 bytes of 4-bit weights. w = d * scale * q - dmin * minimum */
function readQ4_K(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  const dmin = half(bytes, at + 2)
  for (let group = 0; group < 8; group++) {
    const scale = round(d * scaleK(bytes, at + 4, group))
    const minimum = round(dmin * minimumK(bytes, at + 4, group))
    const from = at + 16 + (group >> 1) * 32
    const shift = (group & 1) * 4
    for (let i = 0; i < 32; i++)
      values[to + group * 32 + i] = round(scale * ((bytes[from + i]! >> shift) & 15)) - minimum
  }
}

/** As Q4_K, with 32 bytes of fifth bits before the 4-bit weights: bit `group` of byte i. */
function readQ5_K(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at)
  const dmin = half(bytes, at + 2)
  for (let group = 0; group < 8; group++) {
    const scale = round(d * scaleK(bytes, at + 4, group))
    const minimum = round(dmin * minimumK(bytes, at + 4, group))
    const from = at + 48 + (group >> 1) * 32
    const shift = (group & 1) * 4
    for (let i = 0; i < 32; i++) {
      const high = ((bytes[at + 16 + i]! >> group) & 1) << 4
      values[to + group * 32 + i] = round(scale * (((bytes[from + i]! >> shift) & 15) | high)) - minimum
    }
  }
}

/** 128 bytes of low 4 bits, 64 of high 2 bits, 16 signed scales, d. w = d * scale * (q - 32) */
function readQ6_K(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const d = half(bytes, at + 208)
  for (let part = 0; part < 2; part++) {
    for (let quarter = 0; quarter < 4; quarter++) {
      const low = at + part * 64 + (quarter & 1) * 32
      const high = at + 128 + part * 32
      const shift = (quarter >> 1) * 4
      for (let i = 0; i < 32; i++) {
        const scale = (bytes[at + 192 + part * 8 + quarter * 2 + (i >> 4)]! << 24) >> 24
        const q = ((bytes[low + i]! >> shift) & 15) | (((bytes[high + i]! >> (quarter * 2)) & 3) << 4)
        values[to + part * 128 + quarter * 32 + i] = round(d * scale) * (q - 32)
      }
    }
  }
}
