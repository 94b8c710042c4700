/**
 * Phi-3 (Abdin et al., arXiv 2404.14219), and Phi-4-mini's form of it: Llama's layer with one matrix for queries, keys and
 * values, one for gate and up, and often a sliding window in every layer.
 */
import { rmsNorm, swiGlu } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, reshape, split } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { rotate, rotation } from './attention.ts'
import type { DecoderConfig } from './config.ts'
import type { Fields } from './fields.ts'
import { embeddings, linear } from './hooks.ts'
import { parseRope, type RopeConfig } from './rope.ts'
import { attentionOptions } from './windows.ts'

export interface Phi3Config extends DecoderConfig {
  readonly family: 'phi3'
  readonly rmsNormEps: number
  readonly rope: RopeConfig
  /** A query sees this many tokens at most, itself included; undefined: all before it. */
  readonly slidingWindow: number | undefined
}

export const phi3: Architecture<Phi3Config> = {
  className: 'Phi3ForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  loraTargets: ['qkv_proj'],
  irrelevant: ['resid_pdrop', 'embd_pdrop', 'original_max_position_embeddings'],

  parse(fields) {
    fields.only('hidden_act', ['silu'])
    demandOwnCode(fields)
    const hiddenSize = fields.count('hidden_size')
    const heads = fields.count('num_attention_heads')
    return {
      family: 'phi3',
      vocabSize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers: fields.count('num_hidden_layers'),
      heads,
      kvHeads: fields.count('num_key_value_heads', heads),
      headDim: hiddenSize / heads,
      maxPositions: fields.count('max_position_embeddings'),
      rmsNormEps: fields.positive('rms_norm_eps', 1e-5),
      rope: parseRope(fields),
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
    const { layers, heads, kvHeads, headDim, intermediateSize, rmsNormEps } = config
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight') // [tokens, hidden]
    const turn = rotation(config.rope, headDim, layout.positions, x.dtype as 'float32' | 'float64')
    const options = attentionOptions(1 / Math.sqrt(headDim), config.slidingWindow)
    const widths = [heads * headDim, kvHeads * headDim, kvHeads * headDim]

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const norm = (name: string, input: Value) =>
        rmsNorm(input, hooks.weight(`${path}.${name}.weight`), rmsNormEps)
      const project = (name: string, input: Value) => linear(hooks, `${path}.${name}`, input, false)

      const fused = project('self_attn.qkv_proj', norm('input_layernorm', x)) // [tokens, (heads+2*kvHeads)*headDim]
      const [q, k, v] = split(fused, 1, widths).map(part =>
        reshape(part, [-1, (part.shape[1] as number) / headDim, headDim]),
      ) as [Value, Value, Value] // [tokens, heads or kvHeads, headDim]
      let attended = layout.attend(layer, rotate(q, turn), rotate(k, turn), v, options, hooks.prefix?.(layer))
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
