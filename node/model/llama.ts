/**
 * The Llama family (Touvron et al., arXiv 2302.13971; grouped heads: arXiv 2307.09288; Mistral: arXiv 2310.06825). Norms
 * by root mean square before each block, rotary positions, a gated SiLU; Mistral adds a sliding window.
 *
 * The forward pass builds graph nodes; it holds no weights and runs nothing. Tokens of all sequences form one list; which
 * of them attend to which is the layout's. Where weights come from and what is added to a layer is the caller's, through
 * hooks: so adapters, full training, scoring and generation share this one file.
 */
import { rmsNorm, swiGlu } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, reshape } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { rotate, rotation } from './attention.ts'
import type { DecoderConfig } from './config.ts'
import type { Fields } from './fields.ts'
import { embeddings, linear } from './hooks.ts'
import { parseRope, type RopeConfig } from './rope.ts'
import { attentionOptions } from './windows.ts'

export interface LlamaConfig extends DecoderConfig {
  readonly family: 'llama' | 'mistral'
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  /** A query sees this many tokens at most, itself included; undefined: all before it. */
  readonly slidingWindow: number | undefined
  /** q, k, v and o have a bias. */
  readonly attentionBias: boolean
  /** gate, up and down have a bias. */
  readonly mlpBias: boolean
}

export const llama: Architecture<LlamaConfig> = {
  className: 'LlamaForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  loraTargets: ['q_proj', 'v_proj'],

  parse(fields, family) {
    fields.only('hidden_act', ['silu'])
    const isMistral = family === 'mistral'
    const hiddenSize = fields.count('hidden_size')
    const heads = fields.count('num_attention_heads')
    return {
      family: isMistral ? 'mistral' : 'llama',
      vocabSize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers: fields.count('num_hidden_layers'),
      heads,
      kvHeads: fields.count('num_key_value_heads', isMistral ? 8 : heads),
      headDim: fields.count('head_dim', hiddenSize / heads),
      maxPositions: fields.count('max_position_embeddings'),
      rmsNormEps: fields.positive('rms_norm_eps'),
      rope: parseRope(fields),
      slidingWindow: isMistral ? parseWindow(fields) : undefined,
      tiedHead: fields.flag('tie_word_embeddings'),
      attentionBias: fields.flag('attention_bias'),
      mlpBias: fields.flag('mlp_bias'),
      initializerRange: fields.positive('initializer_range', 0.02),
    }
  },

  linearLayers({ hiddenSize, intermediateSize, heads, kvHeads, headDim, attentionBias, mlpBias }) {
    return [
      { path: 'self_attn.q_proj', out: heads * headDim, in: hiddenSize, bias: attentionBias },
      { path: 'self_attn.k_proj', out: kvHeads * headDim, in: hiddenSize, bias: attentionBias },
      { path: 'self_attn.v_proj', out: kvHeads * headDim, in: hiddenSize, bias: attentionBias },
      { path: 'self_attn.o_proj', out: hiddenSize, in: heads * headDim, bias: attentionBias, residual: true },
      { path: 'mlp.gate_proj', out: intermediateSize, in: hiddenSize, bias: mlpBias },
      { path: 'mlp.up_proj', out: intermediateSize, in: hiddenSize, bias: mlpBias },
      { path: 'mlp.down_proj', out: hiddenSize, in: intermediateSize, bias: mlpBias, residual: true },
    ]
  },

  layerWeights: ({ hiddenSize }) => ({
    'input_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
    'post_attention_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
  }),

  topWeights: ({ hiddenSize }) => ({ 'model.norm.weight': { shape: [hiddenSize], initial: 'ones' } }),

  forward(config, layout, hooks) {
    const { layers, heads, kvHeads, headDim, rmsNormEps, attentionBias, mlpBias } = config
    const options = attentionOptions(1 / Math.sqrt(headDim), config.slidingWindow)
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
    const turn = rotation(config.rope, headDim, layout.positions, x.dtype as 'float32' | 'float64')

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const norm = (name: string, input: Value) =>
        rmsNorm(input, hooks.weight(`${path}.${name}.weight`), rmsNormEps)
      const project = (name: string, input: Value) =>
        linear(hooks, `${path}.self_attn.${name}`, input, attentionBias)

      const a = norm('input_layernorm', x)
      const q = rotate(reshape(project('q_proj', a), [-1, heads, headDim]), turn) // [tokens, heads, headDim]
      const k = rotate(reshape(project('k_proj', a), [-1, kvHeads, headDim]), turn) // [tokens, kvHeads, headDim]
      const v = reshape(project('v_proj', a), [-1, kvHeads, headDim]) // [tokens, kvHeads, headDim]
      let attended = layout.attend(layer, q, k, v, options, hooks.prefix?.(layer)) // [tokens, heads*headDim]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, project('o_proj', attended)) // [tokens, hidden]

      const m = norm('post_attention_layernorm', x)
      const feed = (name: string, input: Value) => linear(hooks, `${path}.mlp.${name}`, input, mlpBias)
      x = add(x, feed('down_proj', swiGlu(feed('gate_proj', m), feed('up_proj', m)))) // [tokens, hidden]
    }
    return rmsNorm(x, hooks.weight('model.norm.weight'), rmsNormEps)
  },
}

/** Absent means 4096, as in the reference's class; null means none. */
function parseWindow(fields: Fields): number | undefined {
  return fields.has('sliding_window') && fields.take('sliding_window') === null
    ? undefined
    : fields.count('sliding_window', 4096)
}
