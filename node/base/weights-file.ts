/**
 * The derived file of float32 weights, `weights.f32`, that sessions map into memory.
 *
 * Made once from the source tensors, piece by piece, so that memory stays bounded whatever the base's size; written
 * beside its final name and renamed when complete. Its layout follows from the configuration alone (the order of
 * `weightShapes`, each tensor aligned), so nothing about it has to be stored but the mark at its end, which is
 * written last: a file of the right size with the right mark is complete and of this base. A single safetensors
 * file that is all float32 already is used where it lies.
 */
import { open, rename, rm } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { idToBytes } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { transposed, type WeightFile, weightShapes } from '../model/weights.ts'
import { diskError } from '../store/atomic-file.ts'
import { blockType } from './dequantize.ts'
import type { SourceTensor } from './source-model.ts'

type Handle = Awaited<ReturnType<typeof open>>
type Layout = WeightFile['tensors']

/** So that rows start on a cache line. */
const ALIGNMENT = 64
/** Weights converted at a time (16 MiB of float32). */
const PIECE = 4 << 20
const MARK = Buffer.from('oppu weights 1\n\0')

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
  const { tensors, end } = layoutOf(source.config)
  try {
    await using handle = await open(path)
    const mark = markOf(source.id)
    const found = Buffer.alloc(mark.length)
    if ((await handle.stat()).size !== end + mark.length) return undefined
    await handle.read(found, 0, found.length, end)
    return found.equals(mark) ? { path, tensors } : undefined
  } catch {
    return undefined
  }
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
  const { tensors, end } = layoutOf(source.config)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using target = await open(temporary, 'w', 0o600)
    const inputs = new Map<string, Handle>()
    try {
      for (const [name, { offset }] of tensors) {
        const tensor = source.tensors.get(name)!
        if (!inputs.has(tensor.file)) inputs.set(tensor.file, await open(tensor.file))
        for await (const bytes of convert(inputs.get(tensor.file)!, name, tensor, target, offset)) {
          options.signal?.throwIfAborted()
          options.onProgress?.(offset + bytes, end)
        }
      }
    } finally {
      for (const input of inputs.values()) await input.close()
    }
    await target.sync()
    await write(target, markOf(source.id), end)
    await target.sync()
    await rename(temporary, path)
    return { path, tensors }
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Writes one tensor at `to`; yields the bytes of it that are written so far. */
async function* convert(
  input: Handle,
  name: string,
  tensor: SourceTensor,
  target: Handle,
  to: number,
): AsyncGenerator<number> {
  const type = blockType(tensor.typeName, name)
  const row = tensor.shape.length === 1 ? 1 : tensor.shape.at(-1)!
  const total = count(tensor.shape)
  const headRows = tensor.interleavedHeads === undefined ? 0 : total / row / tensor.interleavedHeads
  const whole = tensor.transposed || (tensor.shape.length === 1 && headRows === 0)
  const unit = whole ? total : row * Math.max(headRows, 1)
  const step = headRows > 0 ? unit : Math.max(1, Math.floor(PIECE / unit)) * unit
  for (let done = 0; done < total; done += step) {
    const size = Math.min(step, total - done)
    const values = new Float32Array(size)
    const bytes = Buffer.alloc((size / type.weights) * type.bytes)
    await read(input, bytes, tensor.offset + (done / type.weights) * type.bytes, name)
    type.read(bytes, size / type.weights, values)
    if (tensor.plus !== undefined) for (let i = 0; i < size; i++) values[i] = values[i]! + tensor.plus
    const ordered =
      headRows > 0
        ? halvesFromPairs(values, headRows, row)
        : tensor.transposed
          ? transposed(values, row, size / row)
          : values
    await write(target, new Uint8Array(ordered.buffer), to + 4 * done)
    yield 4 * (done + size)
  }
}

/** Rows of one head from llama.cpp's order (pairs side by side) to Hugging Face's (first halves, then second halves). */
function halvesFromPairs(values: Float32Array, rows: number, row: number): Float32Array {
  const ordered = new Float32Array(values.length) // [headDim, in]
  for (let i = 0; i < rows; i++) {
    const from = 2 * (i % (rows / 2)) + Math.floor(i / (rows / 2))
    ordered.set(values.subarray(from * row, (from + 1) * row), i * row)
  }
  return ordered
}

async function read(input: Handle, bytes: Buffer, position: number, name: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await input.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0) throw new OppuError('TRUNCATED_FILE', `the source ends within the weight ${name}`)
    done += bytesRead
  }
}

async function write(target: Handle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function layoutOf(config: ModelConfig): { tensors: Layout; end: number } {
  const tensors = new Map<string, { shape: readonly number[]; offset: number; length: number }>()
  let end = 0
  for (const [name, shape] of weightShapes(config)) {
    const length = 4 * count(shape)
    tensors.set(name, { shape, offset: end, length })
    end = Math.ceil((end + length) / ALIGNMENT) * ALIGNMENT
  }
  return { tensors, end }
}

function markOf(id: BaseId): Buffer {
  return Buffer.concat([MARK, idToBytes(id)])
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
