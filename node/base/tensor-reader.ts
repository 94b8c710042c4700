/**
 * The tensors of a base's source files as float32 in the model's own order, whatever they are stored as, a piece at a
 * time: memory stays bounded whatever the base's size.
 */
import { open } from 'node:fs/promises'
import { transposed } from '../model/weights.ts'
import { blockType } from './dequantize.ts'
import { type Handle, readAt } from './derived-file.ts'
import type { SourceTensor } from './source-model.ts'

/** Weights converted at a time (16 MiB of float32). */
const PIECE = 4 << 20

/** Holds the files open that it has read from. */
export class TensorReader {
  readonly #inputs = new Map<string, Handle>()

  /**
   * The tensor's values in order; a piece of a matrix is whole rows.
   * @throws OppuError TRUNCATED_FILE, UNSUPPORTED_QUANTIZATION
   */
  async *pieces(name: string, tensor: SourceTensor): AsyncGenerator<Float32Array> {
    const type = blockType(tensor.typeName, name)
    const input = await this.#open(tensor.file)
    const row = tensor.shape.length === 1 ? 1 : tensor.shape.at(-1)!
    const total = tensor.shape.reduce((product, size) => product * size, 1)
    const headRows = tensor.interleavedHeads === undefined ? 0 : total / row / tensor.interleavedHeads
    const whole = tensor.transposed || (tensor.shape.length === 1 && headRows === 0)
    const unit = whole ? total : row * Math.max(headRows, 1)
    const step = headRows > 0 ? unit : Math.max(1, Math.floor(PIECE / unit)) * unit
    for (let done = 0; done < total; done += step) {
      const size = Math.min(step, total - done)
      const values = new Float32Array(size)
      const length = (size / type.weights) * type.bytes
      const bytes = await readAt(input, length, tensor.offset + (done / type.weights) * type.bytes, name)
      type.read(bytes, size / type.weights, values)
      if (tensor.plus !== undefined) for (let i = 0; i < size; i++) values[i] = values[i]! + tensor.plus
      if (headRows > 0) yield halvesFromPairs(values, headRows, row)
      else yield tensor.transposed ? transposed(values, row, size / row) : values
    }
  }

  async #open(path: string): Promise<Handle> {
    const input = this.#inputs.get(path) ?? (await open(path))
    this.#inputs.set(path, input)
    return input
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const input of this.#inputs.values()) await input.close()
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
