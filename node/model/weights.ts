/**
 * Which weights a model has, where their bytes lie, and fresh ones for a new model.
 *
 * Names are Hugging Face's and matrices are as stored there, [out, in]. Producing the file of float32 weights
 * from safetensors or GGUF belongs to `base/`.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import type { ModelConfig } from './config.ts'
import { randomFrom } from './random.ts'

/** A file of float32, little-endian tensors; `offset` and `length` in bytes. */
export interface WeightFile {
  readonly path: string
  readonly tensors: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly offset: number; readonly length: number }
  >
}

/** The linear layers of a decoder layer, as LoRA's `target_modules` name them, with where they stand. */
export const LINEAR_MODULES = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
} as const
export type LinearModule = keyof typeof LINEAR_MODULES

/** `model.layers.3.self_attn.q_proj`: the path of a linear layer, to which `.weight` and `.bias` belong. */
export function linearPath(layer: number, module: LinearModule): string {
  return `model.layers.${layer}.${LINEAR_MODULES[module]}.${module}`
}

/** [out, in] of each linear layer. */
export function linearShape(config: ModelConfig, module: LinearModule): readonly [number, number] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config
  switch (module) {
    case 'q_proj':
      return [heads * headDim, hiddenSize]
    case 'k_proj':
    case 'v_proj':
      return [kvHeads * headDim, hiddenSize]
    case 'o_proj':
      return [hiddenSize, heads * headDim]
    case 'gate_proj':
    case 'up_proj':
      return [intermediateSize, hiddenSize]
    case 'down_proj':
      return [hiddenSize, intermediateSize]
  }
}

/** True where this linear layer has a bias. */
export function hasBias(config: ModelConfig, module: LinearModule): boolean {
  return LINEAR_MODULES[module] === 'mlp' ? config.mlpBias : config.attentionBias
}

/** Every weight's name and shape; a tied head has no `lm_head.weight`. */
export function weightShapes(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  shapes.set('model.embed_tokens.weight', [config.vocabSize, config.hiddenSize])
  for (let layer = 0; layer < config.layers; layer++) {
    for (const module of Object.keys(LINEAR_MODULES) as LinearModule[]) {
      const shape = linearShape(config, module)
      shapes.set(`${linearPath(layer, module)}.weight`, shape)
      if (hasBias(config, module)) shapes.set(`${linearPath(layer, module)}.bias`, [shape[0]])
    }
    shapes.set(`model.layers.${layer}.input_layernorm.weight`, [config.hiddenSize])
    shapes.set(`model.layers.${layer}.post_attention_layernorm.weight`, [config.hiddenSize])
  }
  shapes.set('model.norm.weight', [config.hiddenSize])
  if (!config.tiedHead) shapes.set('lm_head.weight', [config.vocabSize, config.hiddenSize])
  return shapes
}

/** How many numbers the model learns. */
export function parameterCount(config: ModelConfig): number {
  let total = 0
  for (const shape of weightShapes(config).values()) total += elements(shape)
  return total
}

/**
 * A file's tensors under the model's own names: with a tied head, which some files keep as `lm_head.weight` alone, and
 * without what is derived (rotary frequencies, a second copy of a tied head).
 */
export function modelTensors<T>(config: ModelConfig, tensors: ReadonlyMap<string, T>): Map<string, T> {
  const known = new Map(
    [...tensors].filter(([name]) => !/\.rotary_emb\.(inv_freq|cos_cached|sin_cached)$/.test(name)),
  )
  const head = known.get('lm_head.weight')
  if (!config.tiedHead || head === undefined) return known
  known.delete('lm_head.weight')
  if (!known.has('model.embed_tokens.weight')) known.set('model.embed_tokens.weight', head)
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

/** Reads the named weights (default: all) into memory. @throws OppuError NOT_FOUND, TRUNCATED_FILE */
export async function readWeights(
  file: WeightFile,
  names: Iterable<string> = file.tensors.keys(),
): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>()
  await using handle = await open(file.path)
  for (const name of names) {
    const entry = file.tensors.get(name)
    if (entry === undefined) throw new OppuError('NOT_FOUND', `no weight ${name} in ${file.path}`)
    const values = new Float32Array(entry.length / 4)
    const bytes = new Uint8Array(values.buffer)
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, entry.offset + done)
      if (bytesRead === 0) throw new OppuError('TRUNCATED_FILE', `${file.path} ends within ${name}`)
      done += bytesRead
    }
    weights.set(name, values)
  }
  return weights
}

/**
 * Weights of a new model, as the reference makes them: normal with the configuration's deviation, norms one,
 * biases zero. The two products that end in the residual stream are scaled down by sqrt(2 * layers) (GPT-2, section
 * 2.3), without which a deep stack starts loud.
 */
export function initialWeights(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const random = randomFrom(seed)
  const weights = new Map<string, Float32Array>()
  for (const [name, shape] of weightShapes(config)) {
    const values = new Float32Array(elements(shape))
    if (/norm\.weight$/.test(name)) values.fill(1)
    else if (name.endsWith('.weight')) {
      const residual = /\.(o_proj|down_proj)\.weight$/.test(name)
      const deviation = config.initializerRange / (residual ? Math.sqrt(2 * config.layers) : 1)
      for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal()
    }
    weights.set(name, values)
  }
  return weights
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
