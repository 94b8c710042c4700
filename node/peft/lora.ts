/**
 * Low-rank adaptation (Hu et al., arXiv 2106.09685): y = W x + (alpha / rank) B A x, with W frozen.
 *
 * Twice: with a fixed rank and dropout for training, and with a symbolic rank for sessions that serve any adapter
 * (scoring, generation), where no adapter is an adapter of zeros. Names, shapes and initial values are PEFT's: A
 * uniform in ±1/sqrt(in) (kaiming-uniform with a = sqrt 5), B zero, so step zero is the base exactly.
 */
import { OppuError } from '../../protocol/errors.ts'
import { listField, numberField, parseConfig } from '../../protocol/schema.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { add, matMul, mul } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelHooks } from '../model/hooks.ts'
import { randomFrom } from '../model/random.ts'
import { writeSafetensors } from '../model/safetensors.ts'
import { elements, LINEAR_MODULES, type LinearModule, linearPath, linearShape } from '../model/weights.ts'
import { encodeAdapterConfig, type LoraConfig, loraScaling } from './adapter-config.ts'
import { Dropout } from './dropout.ts'
import type { Method, Shapes, Tensors } from './method.ts'

const MODULES = Object.keys(LINEAR_MODULES) as LinearModule[]

export const LORA_SCHEMA = {
  rank: numberField({
    default: 8,
    minimum: 1,
    maximum: 1024,
    whole: true,
    description: 'rank of the update',
  }),
  alpha: numberField({
    default: 8,
    minimum: 1e-3,
    maximum: 1e4,
    description: 'the update is scaled by alpha / rank',
  }),
  dropout: numberField({
    default: 0.05,
    maximum: 0.95,
    description: "share of the update's inputs that a training step leaves out",
  }),
  targets: listField<LinearModule>({
    default: ['q_proj', 'v_proj'],
    choices: MODULES,
    description: 'the linear layers that get an update',
  }),
} as const

/** PEFT's name of one of the two factors. */
export function loraName(path: string, factor: 'A' | 'B'): string {
  return `base_model.model.${path}.lora_${factor}.weight`
}

/** A is [rank, in], B is [out, rank]. */
export function loraShapes(
  model: ModelConfig,
  { rank, targets }: Pick<LoraConfig, 'rank' | 'targets'>,
): Shapes {
  const shapes = new Map<string, readonly number[]>()
  for (const { path, module } of places(model, targets)) {
    const [out, width] = linearShape(model, module)
    shapes.set(loraName(path, 'A'), [rank, width])
    shapes.set(loraName(path, 'B'), [out, rank])
  }
  return shapes
}

export const lora: Method = {
  isAdapter: true,
  schema: LORA_SCHEMA,
  prepare(options, model) {
    const parsed = parseConfig(LORA_SCHEMA, options, 'lora')
    const config: LoraConfig = { ...parsed, rankStabilized: false }
    const shapes = loraShapes(model, config)
    return {
      options: parsed,
      shapes,
      initial: async seed => initialLora(shapes, seed),
      attach(graph) {
        const parameters = new Map(
          [...shapes].map(([name, shape]) => [name, graph.input(name, 'float32', shape)]),
        )
        const dropout = new Dropout(config.dropout)
        const keptScaling = loraScaling(config) / (1 - config.dropout)
        return {
          parameters,
          weights: new Map(),
          linear(path, x, y) {
            const a = parameters.get(loraName(path, 'A'))
            const b = parameters.get(loraName(path, 'B'))
            if (a === undefined || b === undefined) return y
            return add(y, lowRank(dropout.apply(path, x), a, b, keptScaling))
          },
          noise: (sizes, random) => dropout.draw(sizes, random),
        }
      },
      files: (tensors, baseId) =>
        new Map([
          ['adapter_config.json', encodeAdapterConfig(config, baseId)],
          ['adapter_model.safetensors', encodeTensors(shapes, tensors, baseId)],
        ]),
    }
  },
}

/** scaling * B A x, for x [tokens, in], A [rank, in], B [out, rank]. */
function lowRank(x: Value, a: Value, b: Value, scaling: number): Value {
  return matMul(matMul(x, a, { transB: true }), b, { transB: true, alpha: scaling }) // [tokens, out]
}

function initialLora(shapes: Shapes, seed: number): Map<string, Float32Array> {
  const random = randomFrom(seed, 1)
  const tensors = new Map<string, Float32Array>()
  for (const [name, shape] of shapes) {
    const values = new Float32Array(elements(shape))
    const bound = 1 / Math.sqrt(shape[1] ?? 1)
    if (name.endsWith('.lora_A.weight'))
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.uniform() - 1)
    tensors.set(name, values)
  }
  return tensors
}

/** The key of safetensors metadata under which a file remembers its base. */
export const BASE_KEY = 'oppu.base'

function encodeTensors(shapes: Shapes, tensors: Tensors, baseId: string): Uint8Array {
  const named = new Map([...shapes].map(([name, shape]) => [name, { shape, data: tensors.get(name)! }]))
  return writeSafetensors(named, { format: 'pt', [BASE_KEY]: baseId })
}

// ---- sessions that serve any adapter ----

const SCALING_INPUT = 'lora.scaling'

/** Adds inputs for adapters of any rank on these layers; feed them with `loraFeeds`. */
export function attachAnyLora(
  graph: Graph,
  model: ModelConfig,
  targets: readonly LinearModule[],
): NonNullable<ModelHooks['linear']> {
  const scaling = graph.input(SCALING_INPUT, 'float32', [])
  const factors = new Map<string, { a: Value; b: Value }>()
  for (const { path, module } of places(model, targets)) {
    const [out, width] = linearShape(model, module)
    factors.set(path, {
      a: graph.input(loraName(path, 'A'), 'float32', ['rank', width]),
      b: graph.input(loraName(path, 'B'), 'float32', [out, 'rank']),
    })
  }
  return (path, x, y) => {
    const factor = factors.get(path)
    if (factor === undefined) return y
    return add(y, mul(lowRank(x, factor.a, factor.b, 1), scaling))
  }
}

/** An adapter in memory, ready to be fed. */
export interface LoadedAdapter {
  readonly config: LoraConfig
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
}

/**
 * Feeds for a graph made by `attachAnyLora` with these targets. No adapter, or one without some of the targets: zeros.
 * @throws TypeError when the adapter has a target that the graph lacks.
 */
export function loraFeeds(
  model: ModelConfig,
  targets: readonly LinearModule[],
  adapter: LoadedAdapter | undefined,
): Record<string, Tensor> {
  const missing = adapter?.config.targets.find(target => !targets.includes(target))
  if (missing !== undefined) throw new TypeError(`this session has no inputs for ${missing}`)
  const scaling = adapter === undefined ? 0 : loraScaling(adapter.config)
  const feeds: Record<string, Tensor> = {
    [SCALING_INPUT]: { dtype: 'float32', dims: [], data: Float32Array.of(scaling) },
  }
  for (const [name, shape] of loraShapes(model, { rank: adapter?.config.rank ?? 1, targets })) {
    feeds[name] = {
      dtype: 'float32',
      dims: shape,
      data: adapter?.tensors.get(name)?.data ?? new Float32Array(elements(shape)),
    }
  }
  return feeds
}

function places(
  model: ModelConfig,
  targets: readonly LinearModule[],
): { path: string; module: LinearModule }[] {
  return Array.from({ length: model.layers }, (_, layer) =>
    targets.map(module => ({ path: linearPath(layer, module), module })),
  ).flat()
}

/** @throws OppuError CORRUPT_ADAPTER when the tensors are not exactly those of the configuration, finite and in shape. */
export function checkLora(model: ModelConfig, { config, tensors }: LoadedAdapter): void {
  const shapes = loraShapes(model, config)
  for (const [name, shape] of shapes) {
    const found = tensors.get(name)
    if (found === undefined) throw new OppuError('CORRUPT_ADAPTER', `the adapter lacks ${name}`)
    if (found.shape.join() !== shape.join())
      throw new OppuError('CORRUPT_ADAPTER', `${name} has shape [${found.shape}], not [${shape}]`)
    if (!found.data.every(Number.isFinite))
      throw new OppuError('CORRUPT_ADAPTER', `${name} holds numbers that are not finite`)
  }
  for (const name of tensors.keys())
    if (!shapes.has(name))
      throw new OppuError(
        'CORRUPT_ADAPTER',
        `the adapter has a tensor that its configuration does not: ${name}`,
      )
}
