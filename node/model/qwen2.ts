/**
 * Qwen2 and Qwen2.5 (Yang et al., arXiv 2407.10671): Llama's layer with biases on queries, keys and values, and, where the
 * configuration asks for it, a sliding window in the upper layers.
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

export interface Qwen2Config extends DecoderConfig {
  readonly family: 'qwen2'
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  readonly windows: Windows
}

export const qwen2: Architecture<Qwen2Config> = {
  className: 'Qwen2ForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  loraTargets: ['q_proj', 'v_proj'],

  parse(fields) {
    fields.only('hidden_act', ['silu'])
    const layers = fields.count('num_hidden_layers')
    const hiddenSize = fields.count('hidden_size')
    const heads = fields.count('num_attention_heads')
    const hasWindow = fields.flag('use_sliding_window')
    const window = fields.take('sliding_window') === null ? undefined : fields.count('sliding_window', 4096)
    const firstLocal = fields.take('max_window_layers') === 0 ? 0 : fields.count('max_window_layers', 28)
    return {
      family: 'qwen2',
      vocabSize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers,
      heads,
      kvHeads: fields.count('num_key_value_heads', 32),
      headDim: fields.count('head_dim', hiddenSize / heads),
      maxPositions: fields.count('max_position_embeddings'),
      rmsNormEps: fields.positive('rms_norm_eps'),
      rope: parseRope(fields),
      windows: parseWindows(fields, layers, hasWindow ? window : undefined, layer => layer >= firstLocal),
      tiedHead: fields.flag('tie_word_embeddings'),
      initializerRange: fields.positive('initializer_range', 0.02),
    }
  },

  linearLayers({ hiddenSize, intermediateSize, heads, kvHeads, headDim }) {
    return [
      { path: 'self_attn.q_proj', out: heads * headDim, in: hiddenSize, bias: true },
      { path: 'self_attn.k_proj', out: kvHeads * headDim, in: hiddenSize, bias: true },
      { path: 'self_attn.v_proj', out: kvHeads * headDim, in: hiddenSize, bias: true },
      { path: 'self_attn.o_proj', out: hiddenSize, in: heads * headDim, bias: false, residual: true },
      { path: 'mlp.gate_proj', out: intermediateSize, in: hiddenSize, bias: false },
      { path: 'mlp.up_proj', out: intermediateSize, in: hiddenSize, bias: false },
      { path: 'mlp.down_proj', out: hiddenSize, in: intermediateSize, bias: false, residual: true },
    ]
  },

  layerWeights: ({ hiddenSize }) => ({
    'input_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
    'post_attention_layernorm.weight': { shape: [hiddenSize], initial: 'ones' },
  }),

  topWeights: ({ hiddenSize }) => ({ 'model.norm.weight': { shape: [hiddenSize], initial: 'ones' } }),

  forward(config, layout, hooks) {
    const { layers, heads, kvHeads, headDim, rmsNormEps } = config
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
    const turn = rotation(config.rope, headDim, layout.positions, x.dtype as 'float32' | 'float64')

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const norm = (name: string, input: Value) =>
        rmsNorm(input, hooks.weight(`${path}.${name}.weight`), rmsNormEps)
      const project = (name: string, input: Value) =>
        linear(hooks, `${path}.self_attn.${name}`, input, name !== 'o_proj')

      const a = norm('input_layernorm', x)
      const q = rotate(reshape(project('q_proj', a), [-1, heads, headDim]), turn) // [tokens, heads, headDim]
      const k = rotate(reshape(project('k_proj', a), [-1, kvHeads, headDim]), turn) // [tokens, kvHeads, headDim]
      const v = reshape(project('v_proj', a), [-1, kvHeads, headDim]) // [tokens, kvHeads, headDim]
      const options = attentionOptions(1 / Math.sqrt(headDim), config.windows[layer])
      let attended = layout.attend(layer, q, k, v, options, hooks.prefix?.(layer)) // [tokens, heads*headDim]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, project('o_proj', attended)) // [tokens, hidden]

      const m = norm('post_attention_layernorm', x)
      const feed = (name: string, input: Value) => linear(hooks, `${path}.mlp.${name}`, input, false)
      x = add(x, feed('down_proj', swiGlu(feed('gate_proj', m), feed('up_proj', m)))) // [tokens, hidden]
    }
    return rmsNorm(x, hooks.weight('model.norm.weight'), rmsNormEps)
  },
}
