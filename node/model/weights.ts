/**
 * Which weights a model has, where their bytes lie, and fresh ones for a new model.
 *
 * Names are Hugging Face's and matrices of linear layers are [out, in]. Producing the file of float32 weights
 * from safetensors or GGUF belongs to `base/`.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import type { LinearLayer, OtherWeight } from './architecture.ts'
import { architectureOf } from './architectures.ts'
import type { ModelConfig } from './config.ts'
import { type Blocks, dequantize, type Quantized, type QuantizedPrecision } from './quantized.ts'
import { randomFrom } from './random.ts'
import type { NamedTensor } from './safetensors.ts'

/** A file of little-endian tensors. */
export interface WeightFile {
  readonly path: string
  readonly tensors: ReadonlyMap<string, WeightEntry>
  /** What its large matrices are in, where not float32. */
  readonly quantized?: QuantizedPrecision
}

/** Where a weight's bytes lie; float32 unless it is in blocks. */
export interface WeightEntry {
  readonly shape: readonly number[]
  readonly offset: number
  /** In bytes. */
  readonly length: number
  readonly blocks?: Blocks
}

/** The linear layers of each decoder layer, in the order of its computation. */
export function linearLayers(config: ModelConfig): readonly LinearLayer[] {
  return architectureOf(config).linearLayers(config)
}

/** `model.layers.3`: what the names of a decoder layer's weights begin with. */
export function layerPath(config: ModelConfig, layer: number): string {
  return `${architectureOf(config).layers}.${layer}`
}

/** The names of the vocabulary's tables: the embedding, and the head where it is another. */
export function tableNames(config: ModelConfig): readonly string[] {
  const { embedding } = architectureOf(config)
  return config.tiedHead ? [embedding] : [embedding, 'lm_head.weight']
}

/** The linear layers that PEFT adapts where nobody names any. */
export function defaultTargets(config: ModelConfig): readonly string[] {
  return architectureOf(config).loraTargets
}

/** Hugging Face's files have the weights of linear layers as [in, out], which PEFT calls fan_in_fan_out. */
export function isConv1d(config: ModelConfig): boolean {
  return architectureOf(config).conv1d ?? false
}

/** Whether a PEFT target means this layer: its name, or a longer ending of its path (`mlp.c_proj`). */
export function isTargeted({ path }: LinearLayer, target: string): boolean {
  return path === target || path.endsWith(`.${target}`)
}

interface Weight extends OtherWeight {
  /** Its product goes straight into the residual stream. */
  readonly residual: boolean
}

/** Every weight by name; a tied head has no `lm_head.weight`. */
function allWeights(config: ModelConfig): Map<string, Weight> {
  const architecture = architectureOf(config)
  const weights = new Map<string, Weight>()
  const matrix = (name: string, shape: readonly number[], residual = false) =>
    weights.set(name, { shape, initial: 'normal', residual })
  const others = (prefix: string, found: Readonly<Record<string, OtherWeight>>) => {
    for (const [name, weight] of Object.entries(found))
      weights.set(`${prefix}${name}`, { ...weight, residual: false })
  }
  matrix(architecture.embedding, [config.vocabSize, config.hiddenSize])
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `${architecture.layers}.${layer}.`
    for (const { path, out, in: width, bias, residual } of architecture.linearLayers(config)) {
      matrix(`${prefix}${path}.weight`, [out, width], residual)
      if (bias) others(prefix, { [`${path}.bias`]: { shape: [out], initial: 'zeros' } })
    }
    others(prefix, architecture.layerWeights(config))
  }
  others('', architecture.topWeights(config))
  if (!config.tiedHead) matrix('lm_head.weight', [config.vocabSize, config.hiddenSize])
  return weights
}

/** Every weight's name and shape. */
export function weightShapes(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  return new Map([...allWeights(config)].map(([name, { shape }]) => [name, shape]))
}

/** How many numbers the model learns. */
export function parameterCount(config: ModelConfig): number {
  let total = 0
  for (const shape of weightShapes(config).values()) total += elements(shape)
  return total
}

/**
 * A file's tensors under the model's own names: with a tied head, which some files keep as `lm_head.weight` alone, and
 * without what is derived (rotary frequencies, masks, a second copy of a tied head).
 */
export function modelTensors<T>(config: ModelConfig, tensors: ReadonlyMap<string, T>): Map<string, T> {
  const { embedding, nameOf = (name: string) => name } = architectureOf(config)
  const known = new Map<string, T>()
  for (const [stored, tensor] of tensors) {
    const name = nameOf(stored)
    if (name !== undefined && !/\.rotary_emb\.(inv_freq|cos_cached|sin_cached)$/.test(name))
      known.set(name, tensor)
  }
  const head = known.get('lm_head.weight')
  if (!config.tiedHead || head === undefined) return known
  known.delete('lm_head.weight')
  if (!known.has(embedding)) known.set(embedding, head)
  return known
}

/**
 * Checks that a file holds exactly the model's weights, in their shapes.
 * @throws OppuError INVALID_DATA naming the first weight that is missing, left over or of another shape.
 */
export function checkWeights(
  config: ModelConfig,
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): void {
  const expected = weightShapes(config)
  for (const [name, shape] of expected) {
    const found = tensors.get(name)
    if (found === undefined) throw new OppuError('INVALID_DATA', `the base lacks the weight ${name}`)
    if (found.shape.join() !== shape.join())
      throw new OppuError(
        'INVALID_DATA',
        `weight ${name} has shape [${found.shape}], the configuration says [${shape}]`,
      )
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name))
      throw new OppuError('INVALID_DATA', `the base has a weight that the configuration does not: ${name}`)
  }
}

/** Reads the named weights (default: all) into memory, as float32. @throws OppuError NOT_FOUND, TRUNCATED_FILE */
export async function readWeights(
  file: WeightFile,
  names: Iterable<string> = file.tensors.keys(),
): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>()
  await using handle = await open(file.path)
  for (const name of names) {
    const entry = file.tensors.get(name)
    if (entry === undefined) throw new OppuError('NOT_FOUND', `no weight ${name} in ${file.path}`)
    const { offset, length, blocks } = entry
    const bytes = (from: number, count: number) =>
      readBytes(handle, from, count, `${file.path} ends within ${name}`)
    const data = await bytes(offset, length)
    if (blocks === undefined) {
      weights.set(name, new Float32Array(data.buffer))
      continue
    }
    const count = elements(entry.shape) / blocks.size
    const scales = blocks.scaleOffset
    const quantized: Quantized =
      blocks.bits === 8
        ? { bits: 8, bytes: data, scales: new Float32Array((await bytes(scales, 4 * count)).buffer) }
        : {
            bits: 4,
            bytes: data,
            scales: new Float16Array((await bytes(scales, 2 * count)).buffer),
            zeros: await bytes(blocks.zeroOffset, count),
            unit: new Float32Array((await bytes(blocks.unitOffset, 4)).buffer)[0]!,
          }
    weights.set(name, dequantize(quantized))
  }
  return weights
}

async function readBytes(
  handle: Awaited<ReturnType<typeof open>>,
  offset: number,
  length: number,
  message: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new OppuError('TRUNCATED_FILE', message)
    done += bytesRead
  }
  return bytes
}

/**
 * Weights of a new model, as the reference makes them: normal with the configuration's deviation, norms without effect,
 * biases zero. The two products that end in the residual stream are scaled down by sqrt(2 * layers) (GPT-2, section
 * 2.3), without which a deep stack starts loud.
 */
export function initialWeights(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const random = randomFrom(seed)
  const weights = new Map<string, Float32Array>()
  for (const [name, { shape, initial, residual }] of allWeights(config)) {
    const values = new Float32Array(elements(shape))
    if (initial === 'ones') values.fill(1)
    if (initial === 'normal') {
      const deviation = config.initializerRange / (residual ? Math.sqrt(2 * config.layers) : 1)
      for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal()
    }
    weights.set(name, values)
  }
  return weights
}

/** [rows, columns] as [columns, rows]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let from = 0, row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[from++]!
  return turned
}

/** The model's weights as Hugging Face's files have them: as they are, but for matrices that are kept the other way round. */
export function storedWeights(
  config: ModelConfig,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, NamedTensor> {
  const endings = isConv1d(config) ? linearLayers(config).map(({ path }) => `.${path}.weight`) : []
  return new Map(
    [...weightShapes(config)].map(([name, shape]) => {
      const data = weights.get(name)!
      if (!endings.some(ending => name.endsWith(ending))) return [name, { shape, data }]
      const [out, width] = shape as [number, number]
      return [name, { shape: [width, out], data: transposed(data, out, width) }]
    }),
  )
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
