/**
 * Prefix tuning (Li and Liang, arXiv 2101.00190): learned keys and values in front of every sequence, in every layer; the
 * base untouched. Without the projection by which the paper trains them, as PEFT's default has it; an adapter that PEFT
 * trained with one is read, since its file holds what came out of it.
 *
 * PEFT's layout: `prompt_embeddings` [virtual, layers*2*kvHeads*headDim], for each layer its keys and then its values. Keys are
 * as attention sees them, so they are not rotated; positions of real tokens start after them. Initial values are PEFT's:
 * zeros, or normal numbers.
 */
import { OppuError } from '../../protocol/errors.ts'
import { choiceField, parseConfig } from '../../protocol/schema.ts'
import type { Value } from '../graph/graph.ts'
import { reshape, slice } from '../graph/ops.ts'
import type { ModelConfig } from '../model/config.ts'
import { randomFrom } from '../model/random.ts'
import { type AdapterMethod, adapterFiles, type LoadedAdapter, tensorFeed, wrongMethod } from './adapter.ts'
import { type MethodHooks, noNoise, parameterInputs, type Shapes } from './method.ts'
import { encodePeftConfig, type OtherFields, shown } from './peft-config.ts'
import { normal, PROMPT_EMBEDDINGS, readVirtualTokens, virtualTokensField } from './prompt-tuning.ts'

export interface PrefixTuningConfig {
  readonly method: 'prefix-tuning'
  readonly virtualTokens: number
}

const SCHEMA = {
  virtualTokens: virtualTokensField,
  init: choiceField({
    default: 'zero',
    choices: ['zero', 'random'],
    description:
      "how keys and values begin: as zeros, or as normal numbers (PEFT's default, from which a short run may not lead back even to the base)",
  }),
} as const

const TAKEN = ['num_virtual_tokens', 'token_dim', 'num_attention_heads', 'num_layers']
const OTHERS: OtherFields = {
  irrelevant: ['encoder_hidden_size', 'init_weights', 'prefix_projection'],
  neutral: { num_transformer_submodules: 1 },
}

/** Numbers of one key or value. */
function widthOf({ kvHeads, headDim }: ModelConfig): number {
  return kvHeads * headDim
}

function prefixShapes(model: ModelConfig, virtualTokens: number): Shapes {
  return new Map([[PROMPT_EMBEDDINGS, [virtualTokens, 2 * model.layers * widthOf(model)]]])
}

export const prefixTuning: AdapterMethod = {
  isAdapter: true,
  schema: SCHEMA,
  learningRate: 3e-2,
  prepare(given, model) {
    const options = parseConfig(SCHEMA, given, 'prefix-tuning')
    const { virtualTokens, init } = options
    const shapes = prefixShapes(model, virtualTokens)
    return {
      options,
      shapes,
      front: { virtualIds: [], prefixTokens: virtualTokens },
      async initial(seed) {
        const count = virtualTokens * 2 * model.layers * widthOf(model)
        const values = init === 'zero' ? new Float32Array(count) : normal(count, randomFrom(seed, 1))
        return new Map([[PROMPT_EMBEDDINGS, values]])
      },
      attach(graph) {
        const parameters = parameterInputs(graph, shapes)
        const hooks = prefixHook(model, parameters.get(PROMPT_EMBEDDINGS)!)
        return { parameters, weights: new Map(), hooks, noise: noNoise }
      },
      files: (tensors, baseId) =>
        adapterFiles(encodeConfig(model, virtualTokens, baseId), shapes, tensors, baseId),
    }
  },
  read(fields, model) {
    const virtualTokens = readVirtualTokens(fields, widthOf(model), TAKEN, OTHERS)
    const expected = { num_attention_heads: model.kvHeads, num_layers: model.layers }
    for (const [name, value] of Object.entries(expected)) {
      if ((fields[name] ?? value) !== value)
        throw new OppuError(
          'INVALID_DATA',
          `the adapter's ${name} is ${shown(fields[name])}, for this base it must be ${value}`,
        )
    }
    return { config: { method: 'prefix-tuning', virtualTokens }, shapes: prefixShapes(model, virtualTokens) }
  },
  serve(graph, { config: model }) {
    const width = 2 * model.layers * widthOf(model)
    const prefix = graph.input(PROMPT_EMBEDDINGS, 'float32', ['virtual', width])
    return {
      hooks: prefixHook(model, prefix),
      async feeds(adapter) {
        if (adapter === undefined) return { [PROMPT_EMBEDDINGS]: tensorFeed([0, width], new Float32Array()) }
        if (adapter.config.method !== 'prefix-tuning') throw wrongMethod('prefix-tuning', adapter.config)
        const { shape, data } = adapter.tensors.get(PROMPT_EMBEDDINGS)!
        return { [PROMPT_EMBEDDINGS]: tensorFeed(shape, data) }
      },
    }
  },
}

function prefixHook(model: ModelConfig, prefix: Value): MethodHooks {
  const width = widthOf(model)
  /** The n-th of a token's 2*layers vectors. [virtual, kvHeads, headDim] */
  const part = (n: number): Value =>
    reshape(slice(prefix, 1, n * width, (n + 1) * width), [-1, model.kvHeads, model.headDim])
  return { prefix: layer => ({ keys: part(2 * layer), values: part(2 * layer + 1) }) }
}

/** What a cache begins with: each layer's keys and values, [virtual, kvHeads, headDim] row-major. */
export function prefixRows(
  model: ModelConfig,
  adapter: LoadedAdapter,
): { readonly key: Float32Array; readonly value: Float32Array }[] {
  const { shape, data } = adapter.tensors.get(PROMPT_EMBEDDINGS)!
  const width = widthOf(model)
  const [virtual, row] = shape as [number, number]
  const part = (n: number): Float32Array => {
    const rows = new Float32Array(virtual * width)
    for (let token = 0; token < virtual; token++)
      rows.set(data.subarray(token * row + n * width, token * row + (n + 1) * width), token * width)
    return rows
  }
  return Array.from({ length: model.layers }, (_, layer) => ({
    key: part(2 * layer),
    value: part(2 * layer + 1),
  }))
}

function encodeConfig(model: ModelConfig, virtualTokens: number, base: string): Uint8Array {
  const width = widthOf(model)
  return encodePeftConfig('PREFIX_TUNING', base, {
    encoder_hidden_size: width,
    modules_to_save: null,
    num_attention_heads: model.kvHeads,
    num_layers: model.layers,
    num_transformer_submodules: 1,
    num_virtual_tokens: virtualTokens,
    prefix_projection: false,
    token_dim: width,
  })
}
