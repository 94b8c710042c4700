/**
 * The derived file `weights.i8`: the linear layers' weights in 8 bits, each twice, as `model/int8.ts` reads them.
 *
 * Made once from the float32 weights, a layer at a time.
 */
import type { BaseId } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { type Int8Matrix, type Int8Weights, spreadBlock } from '../model/int8.ts'
import { layerPath, linearLayers, readWeights, type WeightFile } from '../model/weights.ts'
import { type DerivedFile, derive, type Handle, isDerived, Places, writeAt } from './derived-file.ts'

/** The file at `path`, made now unless it is there. @throws OppuError DISK_FULL, TRUNCATED_FILE; the signal's reason */
export async function int8Weights(
  path: string,
  base: { readonly id: BaseId; readonly config: ModelConfig; readonly weights: WeightFile },
  options: {
    readonly signal?: AbortSignal
    readonly onProgress?: (done: number, total: number) => void
  } = {},
): Promise<Int8Weights> {
  const { layers, end } = layoutOf(base.config)
  const file: DerivedFile = { path, kind: 'oppu int8 1\n', id: base.id, end }
  if (await isDerived(file)) return { path, layers }
  await derive(file, async target => {
    for (const [name, { forward, backward }] of layers) {
      options.signal?.throwIfAborted()
      const values = (await readWeights(base.weights, [`${name}.weight`])).get(`${name}.weight`)!
      const [out, width] = backward.shape
      await write(target, forwardMatrix(values, out, width), forward)
      await write(target, backwardMatrix(values, out, width), backward)
      options.onProgress?.(backward.offset, end)
    }
  })
  return { path, layers }
}

/** Rows of a matrix that are turned into columns at a time: they fit into the cache. */
const STRIP = 64

/** Bytes of a matrix with a scale for each of its columns, at which the column's largest size is 127. */
interface Quantized {
  readonly bytes: Int8Array
  readonly scales: Float32Array
}

/** W [out, in] as Wᵀ [in, out], its inputs turned as `spread` turns what comes in: the product stays the same. */
function forwardMatrix(values: Float32Array, out: number, width: number): Quantized {
  const bytes = new Int8Array(values.length)
  const scales = new Float32Array(out)
  const row = new Float32Array(width)
  const strip = new Int8Array(STRIP * width)
  for (let first = 0; first < out; first += STRIP) {
    const count = Math.min(STRIP, out - first)
    for (let r = 0; r < count; r++) {
      row.set(values.subarray((first + r) * width, (first + r + 1) * width))
      turn(row, spreadBlock(width))
      const scale = largest(row) / 127 || 1
      scales[first + r] = scale
      const factor = 1 / scale
      for (let i = 0; i < width; i++) strip[r * width + i] = rounded(row[i]! * factor)
    }
    for (let i = 0; i < width; i++)
      for (let r = 0; r < count; r++) bytes[i * out + first + r] = strip[r * width + i]!
  }
  return { bytes, scales }
}

/** W [out, in] as it is. */
function backwardMatrix(values: Float32Array, out: number, width: number): Quantized {
  const scales = new Float32Array(width)
  for (let o = 0; o < out; o++)
    for (let i = 0; i < width; i++) {
      const size = Math.abs(values[o * width + i]!)
      if (size > scales[i]!) scales[i] = size
    }
  const factors = new Float32Array(width)
  for (let i = 0; i < width; i++) {
    scales[i] = scales[i]! / 127 || 1
    factors[i] = 1 / scales[i]!
  }
  const bytes = new Int8Array(values.length)
  for (let o = 0; o < out; o++)
    for (let i = 0; i < width; i++) bytes[o * width + i] = rounded(values[o * width + i]! * factors[i]!)
  return { bytes, scales }
}

/** To be stored as an integer, which cuts off what is behind the point. */
function rounded(value: number): number {
  return value < 0 ? value - 0.5 : value + 0.5
}

/** Each block times the orthogonal Hadamard matrix, in place, by its butterflies. */
function turn(row: Float32Array, block: number): void {
  const factor = 1 / Math.sqrt(block)
  for (let start = 0; start < row.length; start += block) {
    for (let width = 1; width < block; width *= 2)
      for (let low = start; low < start + block; low += 2 * width)
        for (let i = low; i < low + width; i++) {
          const a = row[i]!
          const b = row[i + width]!
          row[i] = a + b
          row[i + width] = a - b
        }
    for (let i = start; i < start + block; i++) row[i] = row[i]! * factor
  }
}

function largest(row: Float32Array): number {
  let size = 0
  for (let i = 0; i < row.length; i++) size = Math.max(size, Math.abs(row[i]!))
  return size
}

async function write(target: Handle, { bytes, scales }: Quantized, place: Int8Matrix): Promise<void> {
  await writeAt(target, new Uint8Array(bytes.buffer), place.offset)
  await writeAt(target, new Uint8Array(scales.buffer), place.scaleOffset)
}

function layoutOf(config: ModelConfig): { layers: Int8Weights['layers']; end: number } {
  const layers = new Map<string, { forward: Int8Matrix; backward: Int8Matrix }>()
  const places = new Places()
  const place = (rows: number, columns: number): Int8Matrix => {
    const offset = places.take(rows * columns)
    return { shape: [rows, columns], offset, scaleOffset: places.take(4 * columns) }
  }
  for (let layer = 0; layer < config.layers; layer++)
    for (const linear of linearLayers(config))
      layers.set(`${layerPath(config, layer)}.${linear.path}`, {
        forward: place(linear.in, linear.out),
        backward: place(linear.out, linear.in),
      })
  return { layers, end: places.end }
}
