/**
 * The derived files `weights.q8` and `weights.q4`: a base's large matrices in blocks of 8 or 4 bits, all else float32, as
 * sessions map them into memory (`model/quantized.ts`).
 *
 * Made from the source tensors themselves, a matrix at a time, so that neither memory nor disk ever holds the base
 * in float32. The embedding, the head and the values of the attention stay at 8 bits in either: they are few, and worth it.
 */
import { join } from 'node:path'
import type { ModelConfig } from '../model/config.ts'
import { type Blocks, blockSize, type QuantizedPrecision, quantize4, quantize8 } from '../model/quantized.ts'
import {
  isTargeted,
  layerPath,
  linearLayers,
  tableNames,
  type WeightEntry,
  type WeightFile,
  weightShapes,
} from '../model/weights.ts'
import { type DerivedFile, derive, type Handle, isDerived, Places, writeAt } from './derived-file.ts'
import type { SourceTensor } from './source-model.ts'
import { TensorReader } from './tensor-reader.ts'
import type { WeightSource } from './weights-file.ts'

/** The file in `folder`, made now unless it is there. @throws OppuError DISK_FULL, TRUNCATED_FILE; the signal's reason */
export async function quantizedWeights(
  folder: string,
  precision: QuantizedPrecision,
  source: WeightSource,
  options: {
    readonly signal?: AbortSignal
    readonly onProgress?: (bytes: number, total: number) => void
  } = {},
): Promise<WeightFile> {
  const path = join(folder, `weights.${precision}`)
  const { tensors, end } = layoutOf(source.config, precision)
  const file: DerivedFile = { path, kind: `oppu ${precision} 2\n`, id: source.id, end }
  const weights = { path, tensors, quantized: precision }
  if (await isDerived(file)) return weights
  await derive(file, async target => {
    await using reader = new TensorReader()
    for (const [name, entry] of tensors) {
      for await (const end of writeTensor(target, reader, name, entry, source.tensors.get(name)!)) {
        options.signal?.throwIfAborted()
        options.onProgress?.(end, file.end)
      }
    }
  })
  return weights
}

/** A file of float32 weights as the source of another. */
export function sourceOf({ path, tensors, quantized }: WeightFile): ReadonlyMap<string, SourceTensor> {
  if (quantized !== undefined) throw new TypeError(`${path} is in ${quantized}`)
  return new Map(
    [...tensors].map(([name, { shape, offset }]) => [name, { file: path, offset, shape, typeName: 'F32' }]),
  )
}

/** Yields where in the file it is. */
async function* writeTensor(
  target: Handle,
  reader: TensorReader,
  name: string,
  { shape, offset, blocks }: WeightEntry,
  tensor: SourceTensor,
): AsyncGenerator<number> {
  if (blocks?.bits === 4) {
    // Rows that share bytes are far apart.
    const values = new Float32Array(shape[0]! * shape[1]!)
    let done = 0
    for await (const piece of reader.pieces(name, tensor)) {
      values.set(piece, done)
      done += piece.length
      yield offset
    }
    const { bytes, scales, zeros, unit } = quantize4(values, blocks.size)
    await writeAt(target, bytes, offset)
    await writeAt(target, new Uint8Array(scales.buffer), blocks.scaleOffset)
    await writeAt(target, zeros, blocks.zeroOffset)
    await writeAt(target, new Uint8Array(Float32Array.of(unit).buffer), blocks.unitOffset)
    yield offset + bytes.length
    return
  }
  let done = 0
  for await (const piece of reader.pieces(name, tensor)) {
    if (blocks === undefined) {
      await writeAt(
        target,
        new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength),
        offset + 4 * done,
      )
    } else {
      const { bytes, scales } = quantize8(piece, blocks.size)
      await writeAt(target, bytes, offset + done)
      const place = blocks.scaleOffset + (4 * done) / blocks.size
      await writeAt(target, new Uint8Array(scales.buffer), place)
    }
    done += piece.length
    yield offset + done
  }
}

function layoutOf(
  config: ModelConfig,
  precision: QuantizedPrecision,
): { tensors: WeightFile['tensors']; end: number } {
  const bits = matrixBits(config, precision)
  const places = new Places()
  const tensors = new Map<string, WeightEntry>()
  for (const [name, shape] of weightShapes(config)) {
    const count = shape.reduce((product, size) => product * size, 1)
    const ofMatrix = bits.get(name)
    if (ofMatrix === undefined) {
      tensors.set(name, { shape, offset: places.take(4 * count), length: 4 * count })
      continue
    }
    const [rows, width] = shape as [number, number]
    // Two rows share their bytes.
    const fit = rows % 2 === 0 ? ofMatrix : 8
    const size = blockSize(width, fit)
    const length = (count * fit) / 8
    const offset = places.take(length)
    const scales = count / size
    const blocks: Blocks =
      fit === 8
        ? { bits: 8, size, scaleOffset: places.take(4 * scales) }
        : {
            bits: 4,
            size,
            scaleOffset: places.take(2 * scales),
            zeroOffset: places.take(scales),
            unitOffset: places.take(4),
          }
    tensors.set(name, { shape, offset, length, blocks })
  }
  return { tensors, end: places.end }
}

/** Layers that make the values of the attention, alone or with others. */
const VALUES = ['v_proj', 'qkv_proj', 'c_attn']

/** Bits of each matrix that is kept in blocks, by name. */
function matrixBits(config: ModelConfig, precision: QuantizedPrecision): ReadonlyMap<string, 8 | 4> {
  const bits = new Map<string, 8 | 4>(tableNames(config).map(name => [name, 8]))
  for (const linear of linearLayers(config)) {
    const isKept = precision === 'q8' || VALUES.some(target => isTargeted(linear, target))
    for (let layer = 0; layer < config.layers; layer++)
      bits.set(`${layerPath(config, layer)}.${linear.path}.weight`, isKept ? 8 : 4)
  }
  return bits
}
