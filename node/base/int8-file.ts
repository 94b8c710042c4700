/**
 * The derived file `weights.i8`: the linear layers' weights in 8 bits, each twice, as `model/int8.ts` reads them.
 *
 * Made once from the float32 weights, a layer at a time. Its layout follows from the configuration; a mark at the end,
 * written last, says that it is complete and of this base.
 */
import { open, rename, rm } from 'node:fs/promises'
import type { BaseId } from '../../protocol/ids.ts'
import { idToBytes } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { type Int8Matrix, type Int8Weights, spreadBlock } from '../model/int8.ts'
import { layerPath, linearLayers, readWeights, type WeightFile } from '../model/weights.ts'
import { diskError } from '../store/atomic-file.ts'

type Handle = Awaited<ReturnType<typeof open>>

const ALIGNMENT = 64
const MARK = Buffer.from('oppu int8 1\n\0\0\0\0')

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
  const mark = Buffer.concat([MARK, idToBytes(base.id)])
  if (await isComplete(path, mark, end)) return { path, layers }
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using target = await open(temporary, 'w', 0o600)
    for (const [name, { forward, backward }] of layers) {
      options.signal?.throwIfAborted()
      const values = (await readWeights(base.weights, [`${name}.weight`])).get(`${name}.weight`)!
      await writeMatrix(target, spreadRows(transposed(values, forward.shape), forward.shape), forward)
      await writeMatrix(target, values, backward)
      options.onProgress?.(backward.offset, end)
    }
    await target.sync()
    await target.write(mark, 0, undefined, end)
    await target.sync()
    await rename(temporary, path)
    return { path, layers }
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

async function isComplete(path: string, mark: Buffer, end: number): Promise<boolean> {
  try {
    await using handle = await open(path)
    const found = Buffer.alloc(mark.length)
    if ((await handle.stat()).size !== end + mark.length) return false
    await handle.read(found, 0, found.length, end)
    return found.equals(mark)
  } catch {
    return false
  }
}

/** [out, in] as [in, out], the shape that is given. */
function transposed(values: Float32Array, [rows, columns]: readonly [number, number]): Float32Array {
  const turned = new Float32Array(values.length)
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++) turned[row * columns + column] = values[column * rows + row]!
  return turned
}

/** The matrix whose product with a row that `spread` turned is the same: each block of rows turned alike. In place. */
function spreadRows(values: Float32Array, [rows, columns]: readonly [number, number]): Float32Array {
  const block = spreadBlock(rows)
  for (let start = 0; start < rows; start += block)
    for (let width = 1; width < block; width *= 2)
      for (let i = start; i < start + block; i++) {
        if ((i - start) & width) continue
        for (let column = 0; column < columns; column++) {
          const [a, b] = [values[i * columns + column]!, values[(i + width) * columns + column]!]
          values[i * columns + column] = (a + b) * Math.SQRT1_2
          values[(i + width) * columns + column] = (a - b) * Math.SQRT1_2
        }
      }
  return values
}

/** Writes a matrix [k, n] as bytes with a scale for each column, at which its largest size is 127. */
async function writeMatrix(target: Handle, values: Float32Array, place: Int8Matrix): Promise<void> {
  const [rows, columns] = place.shape
  const scales = new Float32Array(columns)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      scales[column] = Math.max(scales[column]!, Math.abs(values[row * columns + column]!))
  for (let column = 0; column < columns; column++) scales[column] = scales[column]! / 127 || 1
  const bytes = new Int8Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      bytes[row * columns + column] = Math.round(values[row * columns + column]! / scales[column]!)
  await target.write(bytes, 0, undefined, place.offset)
  await target.write(scales, 0, undefined, place.scaleOffset)
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}

function layoutOf(config: ModelConfig): { layers: Int8Weights['layers']; end: number } {
  const layers = new Map<string, { forward: Int8Matrix; backward: Int8Matrix }>()
  let end = 0
  const place = (rows: number, columns: number): Int8Matrix => {
    const offset = end
    const scaleOffset = aligned(offset + rows * columns)
    end = aligned(scaleOffset + 4 * columns)
    return { shape: [rows, columns], offset, scaleOffset }
  }
  for (let layer = 0; layer < config.layers; layer++)
    for (const linear of linearLayers(config))
      layers.set(`${layerPath(config, layer)}.${linear.path}`, {
        forward: place(linear.in, linear.out),
        backward: place(linear.out, linear.in),
      })
  return { layers, end }
}
