/**
 * Phi-3 (Abdin et al., arXiv 2404.14219), and Phi-4-mini's form of it: Llama's layer with one matrix for queries, keys and
 * values, one for gate and up, often a sliding window in every layer, and in Phi-4-mini a rotation of the first part of
 * each head only.
 *
 * The long-context checkpoints (LongRoPE) have two sets of rotary frequencies, and change to the second, for all tokens,
 * when a text passes the original context: keys that were read then are wrong. We compute the first, and take the
 * original context for the model's own.
 */
import { rmsNorm, swiGlu } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, concat, reshape, split } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { rotate, rotation } from './attention.ts'
import type { DecoderConfig } from './config.ts'
import { Fields, invalidConfig } from './fields.ts'
import { embeddings, linear } from './hooks.ts'
import { parseScaling, type RopeConfig } from './rope.ts'
import { attentionOptions } from './windows.ts'

export interface Phi3Config extends DecoderConfig {
  readonly family: 'phi3'
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  /** Dimensions of a head that are rotated, the first ones. */
  readonly rotaryDim: number
  /** A query sees this many tokens at most, itself included; undefined: all before it. */
  readonly slidingWindow: number | undefined
}

export const phi3: Architecture<Phi3Config> = {
  className: 'Phi3ForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  loraTargets: ['qkv_proj'],
  irrelevant: ['resid_pdrop', 'embd_pdrop'],

  parse(fields) {
    fields.only('hidden_act', ['silu'])
    demandOwnCode(fields)
    const hiddenSize = fields.count('hidden_size')
    const heads = fields.count('num_attention_heads')
    const headDim = hiddenSize / heads
    return {
      family: 'phi3',
      vocabSize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers: fields.count('num_hidden_layers'),
      heads,
      kvHeads: fields.count('num_key_value_heads', heads),
      headDim,
      rmsNormEps: fields.positive('rms_norm_eps', 1e-5),
      ...parseRotation(fields, headDim),
      slidingWindow:
        (fields.take('sliding_window') ?? undefined) === undefined
          ? undefined
          : fields.count('sliding_window'),
      tiedHead: fields.flag('tie_word_embeddings'),
      initializerRange: fields.positive('initializer_range', 0.02),
    }
  },

  linearLayers({ hiddenSize, intermediateSize, heads, kvHeads, headDim }) {
    return [
      { path: 'self_attn.qkv_proj', out: (heads + 2 * kvHeads) * headDim, in: hiddenSize, bias: false },
      { path: 'self_attn.o_proj', out: hiddenSize, in: heads * headDim, bias: false, residual: true },
      { path: 'mlp.gate_up_proj', out: 2 * intermediateSize, in: hiddenSize, bias: false },
      { path: 'mlp.down_proj', out: hiddenSize, in: intermediateSize, bias: false, residual: true },
    ]
  },

  layerWeights: ({ hiddenSize }) => ({
    'input_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
    'post_attention_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
  }),

  topWeights: ({ hiddenSize }) => ({ 'model.norm.weight': { shape: [hiddenSize], initial: 'ones' } }),

  forward(config, layout, hooks) {
    const { layers, heads, kvHeads, headDim, rotaryDim, intermediateSize, rmsNormEps } = config
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
    const turn = rotation(config.rope, rotaryDim, layout.positions, x.dtype as 'float32' | 'float64')
    const options = attentionOptions(1 / Math.sqrt(headDim), config.slidingWindow)
    const widths = [heads * headDim, kvHeads * headDim, kvHeads * headDim]
    const turned = (part: Value) => {
      if (rotaryDim === headDim) return rotate(part, turn)
      const [first, rest] = split(part, 2, [rotaryDim, headDim - rotaryDim]) as [Value, Value]
      return concat([rotate(first, turn), rest], 2)
    }

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const norm = (name: string, input: Value) =>
        rmsNorm(input, hooks.weight(`${path}.${name}.weight`), rmsNormEps)
      const project = (name: string, input: Value) => linear(hooks, `${path}.${name}`, input, false)

      const fused = project('self_attn.qkv_proj', norm('input_layernorm', x)) // [tokens, (heads+2*kvHeads)*headDim]
      const [q, k, v] = split(fused, 1, widths).map(part =>
        reshape(part, [-1, (part.shape[1] as number) / headDim, headDim]),
      ) as [Value, Value, Value] // [tokens, heads or kvHeads, headDim]
      let attended = layout.attend(layer, turned(q), turned(k), v, options, hooks.prefix?.(layer)) // [tokens, heads*headDim]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, project('self_attn.o_proj', attended)) // [tokens, hidden]

      const both = project('mlp.gate_up_proj', norm('post_attention_layernorm', x)) // [tokens, 2*intermediate]
      const [gate, up] = split(both, 1, [intermediateSize, intermediateSize]) as [Value, Value]
      x = add(x, project('mlp.down_proj', swiGlu(gate, up))) // [tokens, hidden]
    }
    return rmsNorm(x, hooks.weight('model.norm.weight'), rmsNormEps)
  },
}

/** Phi-3's folders name the code they were published with, which is the class that we compute; any other is not. */
function demandOwnCode(fields: Fields): void {
  const map = fields.take('auto_map') ?? {}
  const known = ['configuration_phi3.Phi3Config', 'modeling_phi3.Phi3ForCausalLM']
  const names = typeof map === 'object' ? Object.values(map as object) : [map]
  if (!names.every(name => known.some(each => each === name || String(name).endsWith(`--${each}`))))
    throw fields.unsupported('auto_map', map)
}

/** How far positions go and what they turn; see the head of this file for what becomes of the long context. */
function parseRotation(
  fields: Fields,
  headDim: number,
): Pick<Phi3Config, 'rope' | 'rotaryDim' | 'maxPositions'> {
  const section =
    fields.section('rope_parameters') ?? fields.section('rope_scaling') ?? new Fields({}, 'rope_scaling.')
  const theta = section.positive('rope_theta', fields.positive('rope_theta', 10_000))
  const part = section.positive('partial_rotary_factor', fields.positive('partial_rotary_factor', 1))
  const maxPositions = fields.count('max_position_embeddings')
  const original = fields.count(
    'original_max_position_embeddings',
    section.count('original_max_position_embeddings', 4096),
  )
  const rotaryDim = Math.trunc(headDim * part)
  if (rotaryDim % 2 !== 0 || rotaryDim < 2 || rotaryDim > headDim)
    throw invalidConfig(`partial_rotary_factor ${part} leaves ${rotaryDim} of a head's ${headDim} to rotate`)
  const type = section.take('rope_type') ?? section.take('type') ?? 'default'
  if (type !== 'longrope' && type !== 'su')
    return { rope: parseScaling(section, theta, 'default'), rotaryDim, maxPositions }
  const factor = section.positive('factor', maxPositions / original)
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original))
  const scale = section.positive('attention_factor', usual)
  const [factors] = ['short_factor', 'long_factor'].map(name => section.numbers(name, rotaryDim / 2))
  section.take('type')
  section.refuseRest()
  return {
    rope: { type: 'longrope', theta, factors: factors!, scale },
    rotaryDim,
    maxPositions: Math.min(maxPositions, original),
  }
}
