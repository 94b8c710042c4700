/**
 * Qwen3 (Yang et al., arXiv 2505.09388), dense: Llama's layer with queries and keys normed head by head before they are
 * rotated, no biases on them, and a head size of its own.
 */
import { rmsNorm, swiGlu } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, reshape } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { rotate, rotation } from './attention.ts'
import type { DecoderConfig } from './config.ts'
import { embeddings, linear } from './hooks.ts'
import { parseRope, type RopeConfig } from './rope.ts'
import { attentionOptions, parseWindows, type Windows } from './windows.ts'

export interface Qwen3Config extends DecoderConfig {
  readonly family: 'qwen3'
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  readonly windows: Windows
  /** q, k, v and o have a bias. */
  readonly attentionBias: boolean
}

export const qwen3: Architecture<Qwen3Config> = {
  className: 'Qwen3ForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  loraTargets: ['q_proj', 'v_proj'],

  parse(fields) {
    fields.only('hidden_act', ['silu'])
    const layers = fields.count('num_hidden_layers')
    const hasWindow = fields.flag('use_sliding_window')
    const window = fields.take('sliding_window') === null ? undefined : fields.count('sliding_window', 4096)
    const firstLocal = fields.take('max_window_layers') === 0 ? 0 : fields.count('max_window_layers', 28)
    return {
      family: 'qwen3',
      vocabSize: fields.count('vocab_size'),
      hiddenSize: fields.count('hidden_size'),
      intermediateSize: fields.count('intermediate_size'),
      layers,
      heads: fields.count('num_attention_heads'),
      kvHeads: fields.count('num_key_value_heads', 32),
      headDim: fields.count('head_dim', 128),
      maxPositions: fields.count('max_position_embeddings'),
      rmsNormEps: fields.positive('rms_norm_eps'),
      rope: parseRope(fields),
      windows: parseWindows(fields, layers, hasWindow ? window : undefined, layer => layer >= firstLocal),
      attentionBias: fields.flag('attention_bias'),
      tiedHead: fields.flag('tie_word_embeddings'),
      initializerRange: fields.positive('initializer_range', 0.02),
    }
  },

  linearLayers({ hiddenSize, intermediateSize, heads, kvHeads, headDim, attentionBias: bias }) {
    return [
      { path: 'self_attn.q_proj', out: heads * headDim, in: hiddenSize, bias },
      { path: 'self_attn.k_proj', out: kvHeads * headDim, in: hiddenSize, bias },
      { path: 'self_attn.v_proj', out: kvHeads * headDim, in: hiddenSize, bias },
      { path: 'self_attn.o_proj', out: hiddenSize, in: heads * headDim, bias, residual: true },
      { path: 'mlp.gate_proj', out: intermediateSize, in: hiddenSize, bias: false },
      { path: 'mlp.up_proj', out: intermediateSize, in: hiddenSize, bias: false },
      { path: 'mlp.down_proj', out: hiddenSize, in: intermediateSize, bias: false, residual: true },
    ]
  },

  layerWeights: ({ hiddenSize, headDim }) => ({
    'input_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
    'self_attn.q_norm.weight': { shape: [headDim], initial: 'ones' },
    'self_attn.k_norm.weight': { shape: [headDim], initial: 'ones' },
    'post_attention_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
  }),

  topWeights: ({ hiddenSize }) => ({ 'model.norm.weight': { shape: [hiddenSize], initial: 'ones' } }),

  forward(config, layout, hooks) {
    const { layers, heads, kvHeads, headDim, rmsNormEps, attentionBias } = config
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
    const turn = rotation(config.rope, headDim, layout.positions, x.dtype as 'float32' | 'float64')

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const norm = (name: string, input: Value) =>
        rmsNorm(input, hooks.weight(`${path}.${name}.weight`), rmsNormEps)
      const project = (name: string, input: Value) =>
        linear(hooks, `${path}.self_attn.${name}`, input, attentionBias)

      const a = norm('input_layernorm', x)
      const q = norm('self_attn.q_norm', reshape(project('q_proj', a), [-1, heads, headDim])) // [tokens, heads, headDim]
      const k = norm('self_attn.k_norm', reshape(project('k_proj', a), [-1, kvHeads, headDim])) // [tokens, kvHeads, headDim]
      const v = reshape(project('v_proj', a), [-1, kvHeads, headDim]) // [tokens, kvHeads, headDim]
      const options = attentionOptions(1 / Math.sqrt(headDim), config.windows[layer])
      const [turnedQ, turnedK] = [rotate(q, turn), rotate(k, turn)]
      let attended = layout.attend(layer, turnedQ, turnedK, v, options, hooks.prefix?.(layer)) // [tokens, heads*headDim]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, project('o_proj', attended)) // [tokens, hidden]

      const m = norm('post_attention_layernorm', x)
      const feed = (name: string, input: Value) => linear(hooks, `${path}.mlp.${name}`, input, false)
      x = add(x, feed('down_proj', swiGlu(feed('gate_proj', m), feed('up_proj', m)))) // [tokens, hidden]
    }
    return rmsNorm(x, hooks.weight('model.norm.weight'), rmsNormEps)
  },
}
