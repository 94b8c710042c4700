/**
 * What llama.cpp calls the architectures that we compute, their tensors and their hyperparameters: for each, the way
 * back to Hugging Face's `config.json` and weight names.
 *
 * Every key of an architecture is listed here or refused by name, as in `model/fields.ts`; what a value means is
 * checked by the same parser that reads a `config.json`.
 * Source: llama.cpp's convert_hf_to_gguf.py, gguf-py's tensor_mapping.py, llama-model.cpp.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { GgufMetadata, GgufTensor } from './gguf.ts'

/** Hyperparameters below `<architecture>.`, and which tensors there are. */
export class GgufKeys {
  readonly #metadata: GgufMetadata
  readonly #architecture: string
  readonly tensors: ReadonlyMap<string, GgufTensor>

  constructor(metadata: GgufMetadata, architecture: string, tensors: ReadonlyMap<string, GgufTensor>) {
    this.#metadata = metadata
    this.#architecture = architecture
    this.tensors = tensors
  }

  has(key: string): boolean {
    return this.#metadata.has(`${this.#architecture}.${key}`)
  }

  number(key: string): number | undefined {
    return this.#metadata.number(`${this.#architecture}.${key}`)
  }

  string(key: string): string | undefined {
    return this.#metadata.string(`${this.#architecture}.${key}`)
  }

  /** @throws OppuError UNSUPPORTED_ARCHITECTURE for a key that is not listed, or set where only its default is computed. */
  refuse(known: readonly string[]): void {
    const prefix = `${this.#architecture}.`
    for (const key of this.#metadata.keys)
      if (key.startsWith(prefix) && ![...COMMON, ...known].includes(key.slice(prefix.length)))
        throw unsupportedKey(key, 'set')
    const experts = this.number('expert_count') ?? 0
    if (experts > 0) throw unsupportedKey(`${prefix}expert_count`, experts)
    if (this.#metadata.flag(`${prefix}attention.causal`) === false)
      throw unsupportedKey(`${prefix}attention.causal`, false)
  }

  /** The head's size; keys and values, and what is rotated unless it may be less, must have it. */
  headDim(isWhollyRotated = true): number {
    const size =
      this.number('attention.key_length') ??
      (this.number('embedding_length') ?? 0) / (this.number('attention.head_count') ?? 1)
    for (const key of ['attention.value_length', ...(isWhollyRotated ? ['rope.dimension_count'] : [])]) {
      const value = this.number(key) ?? size
      if (value !== size) throw unsupportedKey(`${this.#architecture}.${key}`, value)
    }
    return size
  }

  /** Linear scaling of the rotary embedding; another kind goes on to the parser, which refuses it by its name. */
  ropeScaling(): object | null {
    const type = this.string('rope.scaling.type') ?? (this.has('rope.scale_linear') ? 'linear' : 'none')
    if (type === 'none') return null
    return { rope_type: type, factor: this.number('rope.scaling.factor') ?? this.number('rope.scale_linear') }
  }
}

export function unsupportedKey(key: string, value: unknown): OppuError {
  return new OppuError(
    'UNSUPPORTED_ARCHITECTURE',
    `this GGUF's ${key} is ${String(value)}, which is not supported`,
  )
}

const COMMON = [
  'block_count',
  'context_length',
  'embedding_length',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.causal',
  'vocab_size',
  'tensor_data_layout',
  'expert_count',
  'expert_used_count',
]
const HEADS = ['attention.key_length', 'attention.value_length', 'rope.dimension_count', 'rope.freq_base']
const SCALING = ['rope.scaling.type', 'rope.scaling.factor', 'rope.scale_linear', 'rope.scaling.finetuned']
const RMS = 'attention.layer_norm_rms_epsilon'

export interface GgufArchitecture {
  /** Its keys, beside those that all have. */
  readonly keys: readonly string[]
  /** `config.json`, but for what all have in common. */
  config(keys: GgufKeys): Record<string, unknown>
  /** Tensors of a decoder layer by their name within it, without `.weight` or `.bias`. */
  readonly layer: Readonly<Record<string, string>>
  /** Tensors outside of the layers, likewise. */
  readonly top: Readonly<Record<string, string>>
  /** Rows of q and k are in llama.cpp's order: what is rotated together lies side by side. */
  readonly interleaved?: boolean
  /** What was added to every norm's gain. */
  readonly normShift?: number
}

const LLAMA_LAYER = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}
const LLAMA_TOP = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' }
const QK_NORMS = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' }

function llamaLike(keys: GgufKeys): Record<string, unknown> {
  return {
    hidden_act: 'silu',
    num_attention_heads: keys.number('attention.head_count'),
    num_key_value_heads: keys.number('attention.head_count_kv') ?? keys.number('attention.head_count'),
    head_dim: keys.headDim(),
    rms_norm_eps: keys.number(RMS),
    rope_theta: keys.number('rope.freq_base') ?? 10_000,
    rope_scaling: keys.ropeScaling(),
  }
}

/** By `general.architecture`. */
export const GGUF_ARCHITECTURES: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    keys: [...HEADS, ...SCALING, RMS],
    config: keys => ({
      ...llamaLike(keys),
      model_type: 'llama',
      attention_bias: keys.tensors.has('blk.0.attn_q.bias'),
      mlp_bias: keys.tensors.has('blk.0.ffn_up.bias'),
    }),
    layer: LLAMA_LAYER,
    top: LLAMA_TOP,
    interleaved: true,
  },

  qwen2: {
    keys: [...HEADS, ...SCALING, RMS],
    config: keys => ({ ...llamaLike(keys), model_type: 'qwen2' }),
    layer: LLAMA_LAYER,
    top: LLAMA_TOP,
  },

  qwen3: {
    keys: [...HEADS, ...SCALING, RMS],
    config: keys => ({
      ...llamaLike(keys),
      model_type: 'qwen3',
      attention_bias: keys.tensors.has('blk.0.attn_q.bias'),
    }),
    layer: { ...LLAMA_LAYER, ...QK_NORMS },
    top: LLAMA_TOP,
  },

  gemma3: {
    keys: [
      ...HEADS,
      ...SCALING,
      RMS,
      'attention.sliding_window',
      'attention.sliding_window_pattern',
      'rope.freq_base_swa',
      'final_logit_softcapping',
    ],
    config(keys) {
      const { hidden_act: _, ...rest } = llamaLike(keys)
      // The largest one divides by the width of a head of equal share; the key has no place for it.
      const isLargest = keys.number('block_count') === 62
      const share = (keys.number('embedding_length') ?? 0) / (keys.number('attention.head_count') ?? 1)
      return {
        ...rest,
        model_type: 'gemma3_text',
        hidden_activation: 'gelu_pytorch_tanh',
        rope_theta: keys.number('rope.freq_base') ?? 1_000_000,
        rope_local_base_freq: keys.number('rope.freq_base_swa') ?? 10_000,
        sliding_window: keys.number('attention.sliding_window'),
        sliding_window_pattern: keys.number('attention.sliding_window_pattern') ?? 6,
        query_pre_attn_scalar: isLargest ? share : keys.headDim(),
        final_logit_softcapping: keys.number('final_logit_softcapping') ?? null,
      }
    },
    layer: {
      ...LLAMA_LAYER,
      ...QK_NORMS,
      post_attention_norm: 'post_attention_layernorm',
      ffn_norm: 'pre_feedforward_layernorm',
      post_ffw_norm: 'post_feedforward_layernorm',
    },
    top: LLAMA_TOP,
    normShift: 1,
  },

  phi3: {
    keys: [
      ...HEADS,
      ...SCALING,
      RMS,
      'attention.sliding_window',
      'rope.scaling.attn_factor',
      'rope.scaling.original_context_length',
    ],
    config(keys) {
      const window = keys.number('attention.sliding_window') ?? 0
      const original = keys.number('rope.scaling.original_context_length')
      const headDim = keys.headDim(false)
      return {
        model_type: 'phi3',
        hidden_act: 'silu',
        num_attention_heads: keys.number('attention.head_count'),
        num_key_value_heads: keys.number('attention.head_count_kv') ?? keys.number('attention.head_count'),
        rms_norm_eps: keys.number(RMS),
        rope_theta: keys.number('rope.freq_base') ?? 10_000,
        partial_rotary_factor: (keys.number('rope.dimension_count') ?? headDim) / headDim,
        sliding_window: window > 0 ? window : null,
        ...(original === undefined ? {} : { original_max_position_embeddings: original }),
        ...(keys.tensors.has('rope_factors_short.weight') ? {} : { rope_scaling: keys.ropeScaling() }),
      }
    },
    layer: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attn.qkv_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
    top: LLAMA_TOP,
  },

  gpt2: {
    keys: ['attention.layer_norm_epsilon'],
    config: keys => ({
      model_type: 'gpt2',
      activation_function: 'gelu_new',
      n_head: keys.number('attention.head_count'),
      n_embd: keys.number('embedding_length'),
      n_inner: keys.number('feed_forward_length'),
      n_layer: keys.number('block_count'),
      n_positions: keys.number('context_length'),
      layer_norm_epsilon: keys.number('attention.layer_norm_epsilon'),
    }),
    layer: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    top: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
  },
}
