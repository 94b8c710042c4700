/**
 * Low-rank adaptation (Hu et al., arXiv 2106.09685): y = W x + b + s B A x with W frozen and s = alpha / rank, or
 * alpha / sqrt(rank) (Kalajdzievski, arXiv 2312.03732).
 *
 * Twice: with a fixed rank and dropout for training, and with a symbolic rank for sessions that serve any adapter
 * (scoring, generation), where no adapter is an adapter of zeros. Names, shapes and initial values are PEFT's: A
 * uniform in ±1/sqrt(in) (kaiming-uniform with a = sqrt 5), B zero, so step zero is the base exactly.
 */
import { type ConfigOf, choiceField, numberField, parseConfig } from '../../protocol/schema.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { add, matMul, mul } from '../graph/ops.ts'
import { type Tensor, tensorOf } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import { randomFrom } from '../model/random.ts'
import { defaultTargets, elements } from '../model/weights.ts'
import { type AdapterMethod, adapterFiles, type LoadedAdapter, tensorFeed, wrongMethod } from './adapter.ts'
import { Dropout } from './dropout.ts'
import { NO_FRONT } from './front.ts'
import { encodeLoraConfig, type LoraConfig, loraScaling, readLoraConfig } from './lora-config.ts'
import { parameterInputs, type Shapes } from './method.ts'
import { chosenTargets, type TargetLayer, targetLayers, targetsField } from './targets.ts'

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
    description: 'how strong the update is; see scaling',
  }),
  scaling: choiceField({
    default: 'standard',
    choices: ['standard', 'rank-stabilized'],
    description: 'the update is scaled by alpha / rank, or (rsLoRA) by alpha / sqrt(rank)',
  }),
  dropout: numberField({
    default: 0.05,
    maximum: 0.95,
    description: "share of the update's inputs that a training step leaves out",
  }),
  targets: targetsField(
    'the linear layers that get an update; by default those PEFT takes: q_proj and v_proj where there are such',
  ),
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
  for (const { path, shape } of targetLayers(model, targets)) {
    const [out, width] = shape
    shapes.set(loraName(path, 'A'), [rank, width])
    shapes.set(loraName(path, 'B'), [out, rank])
  }
  return shapes
}

/** Options of `lora` or `dora` as a configuration, and themselves with every default filled in. */
export function chosenLora(
  method: LoraConfig['method'],
  given: unknown,
  model: ModelConfig,
): { readonly config: LoraConfig; readonly options: ConfigOf<typeof LORA_SCHEMA> } {
  const parsed = parseConfig(LORA_SCHEMA, given, method)
  const targets = chosenTargets(model, `${method}: targets`, parsed.targets, defaultTargets(model))
  const { rank, alpha, dropout, scaling } = parsed
  const config = { method, rank, alpha, dropout, targets, rankStabilized: scaling === 'rank-stabilized' }
  return { config, options: { ...parsed, targets } }
}

export const lora: AdapterMethod = {
  isAdapter: true,
  schema: LORA_SCHEMA,
  learningRate: 1e-3,
  prepare(given, model) {
    const { config, options } = chosenLora('lora', given, model)
    const shapes = loraShapes(model, config)
    return {
      options,
      shapes,
      front: NO_FRONT,
      initial: async seed => initialFactors(shapes, seed),
      attach(graph) {
        const parameters = parameterInputs(graph, shapes)
        const dropout = new Dropout(graph, config.dropout)
        const scaling = loraScaling(config)
        return {
          parameters,
          weights: new Map(),
          hooks: {
            linear(path, x, y) {
              const a = parameters.get(loraName(path, 'A'))
              const b = parameters.get(loraName(path, 'B'))
              return a === undefined || b === undefined ? y : add(y, dropped(dropout, path, x, a, b, scaling))
            },
          },
          noise: (sizes, random) => dropout.draw(sizes, random),
        }
      },
      files: (tensors, baseId) =>
        adapterFiles(encodeLoraConfig(config, model, baseId), shapes, tensors, baseId),
    }
  },
  read(fields, model) {
    const config = readLoraConfig(fields, model)
    return { config, shapes: loraShapes(model, config) }
  },
  serve(graph, { config: model }, places) {
    const layers = targetLayers(model, places)
    const { update } = anyFactors(graph, layers)
    return {
      hooks: {
        linear(path, x, y) {
          const u = update(path, x)
          return u === undefined ? y : add(y, u)
        },
      },
      feeds: async adapter => factorFeeds(layers, adapter, 'lora'),
    }
  },
}

/** s B A x of a training step, with part of x left out. x [tokens, in], A [rank, in], B [out, rank]. */
export function dropped(
  dropout: Dropout,
  path: string,
  x: Value,
  a: Value,
  b: Value,
  scaling: number,
): Value {
  const low = dropout.apply(path, x, kept => matMul(kept, a, { transB: true })) // [tokens, rank]
  return matMul(low, b, { transB: true, alpha: scaling }) // [tokens, out]
}

export function initialFactors(shapes: Shapes, seed: number): Map<string, Float32Array> {
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

// ---- sessions that serve any adapter ----

const SCALING_INPUT = 'lora.scaling'

/** Inputs for factors of any rank, and the update s B A x that they make of a layer's input. */
export function anyFactors(
  graph: Graph,
  layers: readonly TargetLayer[],
): { update(path: string, x: Value): Value | undefined } {
  const scaling = graph.input(SCALING_INPUT, 'float32', [])
  const factors = new Map(
    layers.map(({ path, shape: [out, width] }) => [
      path,
      {
        a: graph.input(loraName(path, 'A'), 'float32', ['rank', width]),
        b: graph.input(loraName(path, 'B'), 'float32', [out, 'rank']),
      },
    ]),
  )
  return {
    update(path, x) {
      const factor = factors.get(path)
      if (factor === undefined) return undefined
      const low = mul(matMul(x, factor.a, { transB: true }), scaling) // [tokens, rank]
      return matMul(low, factor.b, { transB: true }) // [tokens, out]
    },
  }
}

/** Feeds for `anyFactors`; zeros where there is no adapter, or it has no factors. @throws TypeError for another method's. */
export function factorFeeds(
  layers: readonly TargetLayer[],
  adapter: LoadedAdapter | undefined,
  method: LoraConfig['method'],
): Record<string, Tensor> {
  const config = adapter?.config
  if (config !== undefined && config.method !== method) throw wrongMethod(method, config)
  const { rank, alpha, rankStabilized } = (config ?? NO_UPDATE) as LoraConfig
  const feeds: Record<string, Tensor> = {
    [SCALING_INPUT]: tensorOf('float32', [], [loraScaling({ rank, alpha, rankStabilized })]),
  }
  for (const { path, shape } of layers) {
    const [out, width] = shape
    const factors = { A: [rank, width], B: [out, rank] } as const
    for (const factor of ['A', 'B'] as const) {
      const name = loraName(path, factor)
      const data = adapter?.tensors.get(name)?.data ?? new Float32Array(elements(factors[factor]))
      feeds[name] = tensorFeed(factors[factor], data)
    }
  }
  return feeds
}

const NO_UPDATE = { rank: 1, alpha: 0, rankStabilized: false } as const
