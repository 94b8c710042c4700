/**
 * GPT-2 (Radford et al., 2019, "Language Models are Unsupervised Multitask Learners"): learned positions, LayerNorm with
 * gain and bias before each block, one matrix for queries, keys and values, a GELU, biases everywhere, a tied head.
 */
import type { Value } from '../graph/graph.ts'
import { add, gather, reshape, split } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { gelu, layerNorm } from './blocks.ts'
import type { DecoderConfig } from './config.ts'
import { embeddings, linear } from './hooks.ts'

export interface Gpt2Config extends DecoderConfig {
  readonly family: 'gpt2'
  readonly layerNormEps: number
  /** Scores are divided by sqrt(headDim). */
  readonly scaleAttention: boolean
  /** And by the layer's number, from 1. */
  readonly scaleByLayer: boolean
}

/** Heads of other tasks, which a language model of this class does not have, and training-only dropout. */
const IRRELEVANT = [
  'summary_type',
  'summary_use_proj',
  'summary_activation',
  'summary_proj_to_labels',
  'summary_first_dropout',
  'resid_pdrop',
  'embd_pdrop',
  'attn_pdrop',
  'reorder_and_upcast_attn', // another order of the same float32 arithmetic
  'n_ctx', // what n_positions says
]

export const gpt2: Architecture<Gpt2Config> = {
  className: 'GPT2LMHeadModel',
  layers: 'transformer.h',
  embedding: 'transformer.wte.weight',
  conv1d: true,
  loraTargets: ['c_attn'],
  irrelevant: IRRELEVANT,

  /** OpenAI's own files leave the first word out, and keep causal masks. */
  nameOf(stored) {
    if (/\.attn\.(bias|masked_bias)$/.test(stored)) return undefined
    return /^(wte|wpe|h|ln_f)\./.test(stored) ? `transformer.${stored}` : stored
  },

  parse(fields) {
    fields.only('activation_function', ['gelu_new', 'gelu_pytorch_tanh'], 'gelu_new')
    const hiddenSize = fields.count('n_embd')
    const heads = fields.count('n_head')
    const headDim = hiddenSize / heads
    return {
      family: 'gpt2',
      vocabSize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('n_inner', 4 * hiddenSize),
      layers: fields.count('n_layer'),
      heads,
      kvHeads: heads,
      headDim,
      maxPositions: fields.count('n_positions'),
      layerNormEps: fields.positive('layer_norm_epsilon', 1e-5),
      scaleAttention: fields.flag('scale_attn_weights', true),
      scaleByLayer: fields.flag('scale_attn_by_inverse_layer_idx'),
      tiedHead: fields.flag('tie_word_embeddings', true),
      initializerRange: fields.positive('initializer_range', 0.02),
    }
  },

  linearLayers({ hiddenSize, intermediateSize }) {
    return [
      { path: 'attn.c_attn', out: 3 * hiddenSize, in: hiddenSize, bias: true },
      { path: 'attn.c_proj', out: hiddenSize, in: hiddenSize, bias: true, residual: true },
      { path: 'mlp.c_fc', out: intermediateSize, in: hiddenSize, bias: true },
      { path: 'mlp.c_proj', out: hiddenSize, in: intermediateSize, bias: true, residual: true },
    ]
  },

  layerWeights: ({ hiddenSize }) => ({
    'ln_1.weight': { shape: [hiddenSize], initial: 'ones' },
    'ln_1.bias': { shape: [hiddenSize], initial: 'zeros' },
    'ln_2.weight': { shape: [hiddenSize], initial: 'ones' },
    'ln_2.bias': { shape: [hiddenSize], initial: 'zeros' },
  }),

  topWeights: ({ hiddenSize, maxPositions }) => ({
    'transformer.wpe.weight': { shape: [maxPositions, hiddenSize], initial: 'normal' },
    'transformer.ln_f.weight': { shape: [hiddenSize], initial: 'ones' },
    'transformer.ln_f.bias': { shape: [hiddenSize], initial: 'zeros' },
  }),

  forward(config, layout, hooks) {
    const { layers, heads, headDim, hiddenSize } = config
    const norm = (name: string, input: Value) =>
      layerNorm(input, hooks.weight(`${name}.weight`), hooks.weight(`${name}.bias`), config.layerNormEps)
    const places = gather(hooks.weight('transformer.wpe.weight'), layout.positions)
    let x = add(embeddings(layout, hooks, 'transformer.wte.weight'), places) // [tokens, hidden]

    for (let layer = 0; layer < layers; layer++) {
      const path = `transformer.h.${layer}`
      const project = (name: string, input: Value) => linear(hooks, `${path}.${name}`, input, true)

      const fused = project('attn.c_attn', norm(`${path}.ln_1`, x)) // [tokens, 3*hidden]
      const [q, k, v] = split(fused, 1, [hiddenSize, hiddenSize, hiddenSize]).map(part =>
        reshape(part, [-1, heads, headDim]),
      ) as [Value, Value, Value] // [tokens, heads, headDim]
      const scale =
        (config.scaleAttention ? 1 / Math.sqrt(headDim) : 1) / (config.scaleByLayer ? layer + 1 : 1)
      let attended = layout.attend(layer, q, k, v, { scale }, hooks.prefix?.(layer)) // [tokens, hidden]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, project('attn.c_proj', attended)) // [tokens, hidden]

      const m = norm(`${path}.ln_2`, x)
      x = add(x, project('mlp.c_proj', gelu(project('mlp.c_fc', m)))) // [tokens, hidden]
    }
    return norm('transformer.ln_f', x)
  },
}
