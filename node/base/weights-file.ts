/**
 * The derived file of float32 weights, `weights.f32`, that sessions map into memory.
 *
 * Made once from the source tensors, piece by piece, so that memory stays bounded whatever the base's size. A single
 * safetensors file that is all float32 already is used where it lies.
 */
import type { BaseId } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { type WeightFile, weightShapes } from '../model/weights.ts'
import { type DerivedFile, derive, isDerived, Places, writeAt } from './derived-file.ts'
import type { SourceTensor } from './source-model.ts'
import { TensorReader } from './tensor-reader.ts'

type Layout = WeightFile['tensors']

export interface WeightSource {
  readonly id: BaseId
  readonly config: ModelConfig
  readonly tensors: ReadonlyMap<string, SourceTensor>
}

/** The source itself where it is one file of aligned float32 tensors in Hugging Face's order; undefined otherwise. */
export function weightsInPlace({ config, tensors }: WeightSource): WeightFile | undefined {
  const layout = new Map<string, { shape: readonly number[]; offset: number; length: number }>()
  let path: string | undefined
  for (const [name, shape] of weightShapes(config)) {
    const tensor = tensors.get(name)!
    path ??= tensor.file
    if (
      tensor.file !== path ||
      tensor.typeName !== 'F32' ||
      tensor.interleavedHeads !== undefined ||
      tensor.transposed ||
      tensor.plus !== undefined ||
      tensor.offset % 4 !== 0
    )
      return undefined
    layout.set(name, { shape, offset: tensor.offset, length: 4 * count(shape) })
  }
  return path === undefined ? undefined : { path, tensors: layout }
}

/** The file at `path`, if it is complete and was made from this base; undefined otherwise. */
export async function existingWeights(path: string, source: WeightSource): Promise<WeightFile | undefined> {
  const { tensors, file } = layoutOf(path, source)
  return (await isDerived(file)) ? { path, tensors } : undefined
}

/**
 * Makes the file at `path`. `onProgress` gets bytes written and their total.
 * @throws OppuError DISK_FULL, TRUNCATED_FILE, UNSUPPORTED_QUANTIZATION; the signal's reason. `path` is untouched then.
 */
export async function makeWeights(
  path: string,
  source: WeightSource,
  options: {
    readonly signal?: AbortSignal
    readonly onProgress?: (bytes: number, total: number) => void
  } = {},
): Promise<WeightFile> {
  const { tensors, file } = layoutOf(path, source)
  await derive(file, async target => {
    await using reader = new TensorReader()
    for (const [name, { offset }] of tensors) {
      let to = offset
      for await (const values of reader.pieces(name, source.tensors.get(name)!)) {
        await writeAt(target, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), to)
        to += values.byteLength
        options.signal?.throwIfAborted()
        options.onProgress?.(to, file.end)
      }
    }
  })
  return { path, tensors }
}

function layoutOf(path: string, { id, config }: WeightSource): { tensors: Layout; file: DerivedFile } {
  const tensors = new Map<string, { shape: readonly number[]; offset: number; length: number }>()
  const places = new Places()
  for (const [name, shape] of weightShapes(config)) {
    const length = 4 * count(shape)
    tensors.set(name, { shape, offset: places.take(length), length })
  }
  return { tensors, file: { path, kind: 'oppu weights 1\n', id, end: places.end } }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
