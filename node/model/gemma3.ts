/**
 * Gemma 3, text only (Gemma Team, arXiv 2503.19786). Against Llama: embeddings scaled by sqrt(hidden); norms whose gain is
 * kept as its distance from one, before and after each of the two blocks; queries and keys normed head by head; five local
 * layers with a sliding window and a short rotary base for each global one; a gated GELU; a tied head, and in some
 * checkpoints a soft cap on the logits.
 */
import { rmsNorm } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, mul, reshape, scalarLike } from '../graph/ops.ts'
import type { Architecture } from './architecture.ts'
import { rotate, rotation } from './attention.ts'
import { geGlu } from './blocks.ts'
import type { DecoderConfig } from './config.ts'
import type { Fields } from './fields.ts'
import { embeddings, linear } from './hooks.ts'
import { parseRope, parseScaling, type RopeConfig } from './rope.ts'
import { attentionOptions, parseWindows, type Windows } from './windows.ts'

export interface Gemma3Config extends DecoderConfig {
  readonly family: 'gemma3_text'
  readonly rmsNormEps: number
  /** Of layers that see everything, and of those with a window. */
  readonly rope: { readonly global: RopeConfig; readonly local: RopeConfig }
  readonly windows: Windows
  /** Scores are divided by its square root. */
  readonly queryScalar: number
  /** q, k, v and o have a bias. */
  readonly attentionBias: boolean
}

function embeddingScale({ hiddenSize }: Pick<Gemma3Config, 'hiddenSize'>): number {
  return Math.sqrt(hiddenSize)
}

export const gemma3: Architecture<Gemma3Config> = {
  className: 'Gemma3ForCausalLM',
  layers: 'model.layers',
  embedding: 'model.embed_tokens.weight',
  embeddingScale,
  loraTargets: ['q_proj', 'v_proj'],

  parse(fields) {
    fields.only('hidden_activation', ['gelu_pytorch_tanh'], 'gelu_pytorch_tanh')
    if (fields.has('hidden_act')) fields.only('hidden_act', ['gelu_pytorch_tanh'])
    const layers = fields.count('num_hidden_layers')
    const pattern = fields.count(
      fields.has('sliding_window_pattern') ? 'sliding_window_pattern' : '_sliding_window_pattern',
      6,
    )
    const cap = fields.take('final_logit_softcapping') ?? undefined
    return {
      family: 'gemma3_text',
      vocabSize: fields.count('vocab_size'),
      hiddenSize: fields.count('hidden_size'),
      intermediateSize: fields.count('intermediate_size'),
      layers,
      heads: fields.count('num_attention_heads'),
      kvHeads: fields.count('num_key_value_heads', 4),
      headDim: fields.count('head_dim', 256),
      maxPositions: fields.count('max_position_embeddings'),
      rmsNormEps: fields.positive('rms_norm_eps'),
      rope: parseRopes(fields),
      windows: parseWindows(
        fields,
        layers,
        fields.count('sliding_window', 4096),
        layer => (layer + 1) % pattern !== 0,
      ),
      queryScalar: fields.positive('query_pre_attn_scalar', 256),
      attentionBias: fields.flag('attention_bias'),
      tiedHead: fields.flag('tie_word_embeddings', true),
      initializerRange: fields.positive('initializer_range', 0.02),
      logitSoftcap: cap === undefined ? undefined : fields.positive('final_logit_softcapping'),
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
    'input_layernorm.weight': { shape: [hiddenSize], initial: 'zeros' },
    'self_attn.q_norm.weight': { shape: [headDim], initial: 'zeros' },
    'self_attn.k_norm.weight': { shape: [headDim], initial: 'zeros' },
    'post_attention_layernorm.weight': { shape: [hiddenSize], initial: 'zeros' },
    'pre_feedforward_layernorm.weight': { shape: [hiddenSize], initial: 'zeros' },
    'post_feedforward_layernorm.weight': { shape: [hiddenSize], initial: 'zeros' },
  }),

  topWeights: ({ hiddenSize }) => ({ 'model.norm.weight': { shape: [hiddenSize], initial: 'zeros' } }),

  forward(config, layout, hooks) {
    const { layers, heads, kvHeads, headDim, attentionBias } = config
    const norm = (name: string, input: Value) => {
      const gain = hooks.weight(`${name}.weight`)
      return rmsNorm(input, add(gain, scalarLike(gain, 1)), config.rmsNormEps)
    }
    const scaled = (rows: Value) => mul(rows, scalarLike(rows, embeddingScale(config)))
    let x = embeddings(layout, hooks, 'model.embed_tokens.weight', scaled) // [tokens, hidden]
    const dtype = x.dtype as 'float32' | 'float64'
    const near = rotation(config.rope.local, headDim, layout.positions, dtype)
    const far = rotation(config.rope.global, headDim, layout.positions, dtype)

    for (let layer = 0; layer < layers; layer++) {
      const path = `model.layers.${layer}`
      const window = config.windows[layer]
      const turn = window === undefined ? far : near
      const project = (name: string, input: Value) =>
        linear(hooks, `${path}.self_attn.${name}`, input, attentionBias)

      const a = norm(`${path}.input_layernorm`, x)
      const q = norm(`${path}.self_attn.q_norm`, reshape(project('q_proj', a), [-1, heads, headDim])) // [tokens, heads, headDim]
      const k = norm(`${path}.self_attn.k_norm`, reshape(project('k_proj', a), [-1, kvHeads, headDim])) // [tokens, kvHeads, headDim]
      const v = reshape(project('v_proj', a), [-1, kvHeads, headDim]) // [tokens, kvHeads, headDim]
      const options = attentionOptions(1 / Math.sqrt(config.queryScalar), window)
      const [turnedQ, turnedK] = [rotate(q, turn), rotate(k, turn)]
      let attended = layout.attend(layer, turnedQ, turnedK, v, options, hooks.prefix?.(layer)) // [tokens, heads*headDim]
      if (layer === layers - 1) [x, attended] = [layout.keep(x), layout.keep(attended)]
      x = add(x, norm(`${path}.post_attention_layernorm`, project('o_proj', attended))) // [tokens, hidden]

      const m = norm(`${path}.pre_feedforward_layernorm`, x)
      const feed = (name: string, input: Value) => linear(hooks, `${path}.mlp.${name}`, input, false)
      const fed = feed('down_proj', geGlu(feed('gate_proj', m), feed('up_proj', m))) // [tokens, hidden]
      x = add(x, norm(`${path}.post_feedforward_layernorm`, fed))
    }
    return norm('model.norm', x)
  },
}

/** Two sections in `rope_parameters` (transformers 5), or `rope_theta`, `rope_scaling` and `rope_local_base_freq` (4). */
function parseRopes(fields: Fields): Gemma3Config['rope'] {
  const local = fields.positive('rope_local_base_freq', 10_000)
  const sections = fields.section('rope_parameters')
  if (sections === undefined)
    return { global: parseRope(fields, 1_000_000), local: { type: 'default', theta: local } }
  const theta = fields.positive('rope_theta', 1_000_000)
  const section = (name: string, base: number): RopeConfig => {
    const scaling = sections.section(name)
    return scaling === undefined ? { type: 'default', theta: base } : parseScaling(scaling, base, 'default')
  }
  const rope = { global: section('full_attention', theta), local: section('sliding_attention', local) }
  sections.refuseRest()
  return rope
}
