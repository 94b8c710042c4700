/**
 * (IA)³ (Liu et al., arXiv 2205.05638): a linear layer's result, or for feed-forward layers what goes into it, times one
 * learned number for each feature. Names, shapes and initial values (ones, so step zero is the base exactly) are PEFT's.
 */
import { OppuError } from '../../protocol/errors.ts'
import { parseConfig } from '../../protocol/schema.ts'
import type { Value } from '../graph/graph.ts'
import { mul, reshape } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Family } from '../model/architectures.ts'
import type { ModelConfig } from '../model/config.ts'
import { elements, isConv1d } from '../model/weights.ts'
import { type AdapterMethod, adapterFiles, tensorFeed, wrongMethod } from './adapter.ts'
import { NO_FRONT } from './front.ts'
import { type MethodHooks, noNoise, parameterInputs, type Shapes } from './method.ts'
import {
  demandLayout,
  encodePeftConfig,
  type OtherFields,
  type PeftFields,
  refuseOthers,
} from './peft-config.ts'
import { chosenTargets, targetLayers, targetPlaces, targetsField, targetsOf } from './targets.ts'

export interface Ia3Config {
  readonly method: 'ia3'
  readonly targets: readonly string[]
  /** Those of the targets whose input is scaled in place of their result. */
  readonly feedforward: readonly string[]
}

const SCHEMA = {
  targets: targetsField(
    'the linear layers that are scaled; by default those PEFT takes: k_proj, v_proj and down_proj of a Llama',
  ),
  feedforward: targetsField(
    'those of the targets that are scaled at their input; by default the one that ends the feed-forward block',
  ),
} as const

/** As PEFT has them for each architecture (Phi-3, for which it has none, after Llama); the last is the feed-forward one. */
const USUAL: Readonly<Record<Family, readonly string[]>> = {
  llama: ['k_proj', 'v_proj', 'down_proj'],
  mistral: ['k_proj', 'v_proj', 'down_proj'],
  qwen2: ['q_proj', 'v_proj', 'down_proj'],
  qwen3: ['q_proj', 'v_proj', 'down_proj'],
  gemma3_text: ['q_proj', 'v_proj', 'down_proj'],
  gpt2: ['c_attn', 'mlp.c_proj'],
  phi3: ['qkv_proj', 'down_proj'],
}

const TAKEN = ['target_modules', 'feedforward_modules', 'fan_in_fan_out']
const OTHERS: OtherFields = { irrelevant: ['init_ia3_weights'], neutral: {} }

/** One scaled layer: `shape` is [out, 1], or [1, in] where the input is scaled. */
interface Scaled {
  readonly path: string
  readonly name: string
  readonly ofInput: boolean
  readonly shape: readonly [number, number]
}

const OF_INPUT = '.input'

/** The places of an adapter: linear layers, those scaled at their input marked as such. */
export function ia3Places(
  model: ModelConfig,
  { targets, feedforward }: Pick<Ia3Config, 'targets' | 'feedforward'>,
): string[] {
  const ofInput = targetPlaces(model, feedforward)
  return targetPlaces(model, targets).map(place => (ofInput.includes(place) ? place + OF_INPUT : place))
}

function scaledLayers(model: ModelConfig, places: readonly string[]): Scaled[] {
  const ofInput = places
    .filter(place => place.endsWith(OF_INPUT))
    .map(place => place.slice(0, -OF_INPUT.length))
  const ofResult = places.filter(place => !place.endsWith(OF_INPUT))
  const name = (path: string) => `base_model.model.${path}.ia3_l`
  return [
    ...targetLayers(model, ofResult).map(
      ({ path, shape: [out] }): Scaled => ({ path, name: name(path), ofInput: false, shape: [out, 1] }),
    ),
    ...targetLayers(model, ofInput).map(
      ({ path, shape: [, width] }): Scaled => ({ path, name: name(path), ofInput: true, shape: [1, width] }),
    ),
  ]
}

function ia3Shapes(model: ModelConfig, config: Pick<Ia3Config, 'targets' | 'feedforward'>): Shapes {
  return new Map(scaledLayers(model, ia3Places(model, config)).map(({ name, shape }) => [name, shape]))
}

export const ia3: AdapterMethod = {
  isAdapter: true,
  schema: SCHEMA,
  learningRate: 5e-3,
  prepare(given, model) {
    const parsed = parseConfig(SCHEMA, given, 'ia3')
    const targets = chosenTargets(model, 'ia3: targets', parsed.targets, USUAL[model.family])
    const feedforward = chosenTargets(
      model,
      'ia3: feedforward',
      parsed.feedforward,
      USUAL[model.family].slice(-1).filter(target => targets.includes(target)),
    )
    const other = feedforward.find(target => !targets.includes(target))
    if (other !== undefined)
      throw new OppuError('INVALID_ARGUMENT', `ia3: feedforward names ${other}, targets do not`)
    const config: Ia3Config = { method: 'ia3', targets, feedforward }
    const shapes = ia3Shapes(model, config)
    return {
      options: { targets, feedforward },
      shapes,
      front: NO_FRONT,
      initial: async () => ones(shapes),
      attach(graph) {
        const parameters = parameterInputs(graph, shapes)
        const layers = scaledLayers(model, ia3Places(model, config)).map(layer => ({
          ...layer,
          factor: reshape(parameters.get(layer.name)!, [elements(layer.shape)]),
        }))
        const hooks = scalingHooks(layers)
        return { parameters, weights: new Map(), hooks, noise: noNoise }
      },
      files: (tensors, baseId) => adapterFiles(encodeConfig(config, model, baseId), shapes, tensors, baseId),
    }
  },
  read(fields, model) {
    const config = readConfig(fields, model)
    return { config, shapes: ia3Shapes(model, config) }
  },
  serve(graph, { config: model }, places) {
    // One session may scale a layer's input for some adapters and its result for others.
    const layers = scaledLayers(model, places).map(layer => ({ ...layer, feed: feedName(layer) }))
    const inputs = new Map(
      layers.map(({ feed, shape }) => [feed, graph.input(feed, 'float32', [elements(shape)])]),
    )
    return {
      hooks: scalingHooks(layers.map(layer => ({ ...layer, factor: inputs.get(layer.feed)! }))),
      async feeds(adapter) {
        const config = adapter?.config
        if (config !== undefined && config.method !== 'ia3') throw wrongMethod('ia3', config)
        const own = new Set(
          config === undefined ? [] : scaledLayers(model, ia3Places(model, config)).map(feedName),
        )
        return Object.fromEntries(
          layers.map(({ feed, name, shape }): [string, Tensor] => {
            const values = own.has(feed) ? adapter?.tensors.get(name)?.data : undefined
            const size = elements(shape)
            return [feed, tensorFeed([size], values ?? new Float32Array(size).fill(1))]
          }),
        )
      },
    }
  },
}

/** @throws OppuError CORRUPT_ADAPTER, INVALID_DATA */
function readConfig(fields: PeftFields, model: ModelConfig): Ia3Config {
  demandLayout(fields, model)
  refuseOthers(fields, TAKEN, OTHERS)
  const targets = targetsOf(fields, 'target_modules', model)
  const none = fields.feedforward_modules ?? []
  const feedforward =
    Array.isArray(none) && none.length === 0 ? [] : targetsOf(fields, 'feedforward_modules', model)
  const other = feedforward.find(target => !targets.includes(target))
  if (other !== undefined)
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's feedforward_modules name ${other}, its target_modules do not`,
    )
  return { method: 'ia3', targets, feedforward }
}

function encodeConfig({ targets, feedforward }: Ia3Config, model: ModelConfig, base: string): Uint8Array {
  return encodePeftConfig('IA3', base, {
    fan_in_fan_out: isConv1d(model),
    feedforward_modules: feedforward,
    init_ia3_weights: true,
    modules_to_save: null,
    target_modules: targets,
  })
}

function feedName({ name, ofInput }: Scaled): string {
  return ofInput ? name + OF_INPUT : name
}

function scalingHooks(layers: readonly (Scaled & { readonly factor: Value })[]): MethodHooks {
  const factors = (ofInput: boolean) =>
    new Map(layers.filter(layer => layer.ofInput === ofInput).map(({ path, factor }) => [path, factor]))
  const [inputFactors, resultFactors] = [factors(true), factors(false)]
  return {
    input(path, x) {
      const factor = inputFactors.get(path) // [in]
      return factor === undefined ? x : mul(x, factor)
    },
    linear(path, _x, y) {
      const factor = resultFactors.get(path) // [out]
      return factor === undefined ? y : mul(y, factor)
    },
  }
}

function ones(shapes: Shapes): Map<string, Float32Array> {
  return new Map([...shapes].map(([name, shape]) => [name, new Float32Array(elements(shape)).fill(1)]))
}
