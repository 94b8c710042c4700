/** Real configurations of the architectures beyond Llama's, read whole; and what is not computed, refused by name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ModelConfig, parseModelConfig } from '../../node/model/config.ts'
import type { Gemma3Config } from '../../node/model/gemma3.ts'
import type { Phi3Config } from '../../node/model/phi3.ts'
import type { Qwen2Config } from '../../node/model/qwen2.ts'
import {
  defaultTargets,
  isTargeted,
  linearLayers,
  modelTensors,
  parameterCount,
} from '../../node/model/weights.ts'
import { isOppuError } from '../../protocol/errors.ts'

/** The files' own fields, bookkeeping included, as they lie on the Hub. */
const QWEN2 = {
  architectures: ['Qwen2ForCausalLM'],
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: 'silu',
  hidden_size: 896,
  initializer_range: 0.02,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 21,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  transformers_version: '4.43.1',
  use_cache: true,
  use_sliding_window: false,
  vocab_size: 151936,
}
const QWEN3 = {
  ...QWEN2,
  architectures: ['Qwen3ForCausalLM'],
  model_type: 'qwen3',
  attention_bias: false,
  head_dim: 128,
  hidden_size: 1024,
  intermediate_size: 3072,
  max_position_embeddings: 40960,
  max_window_layers: 28,
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rope_scaling: null,
  sliding_window: null,
}
const GEMMA3 = {
  _sliding_window_pattern: 6,
  architectures: ['Gemma3ForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  attn_logit_softcapping: null,
  bos_token_id: 2,
  eos_token_id: 1,
  final_logit_softcapping: null,
  head_dim: 256,
  hidden_activation: 'gelu_pytorch_tanh',
  hidden_size: 640,
  initializer_range: 0.02,
  intermediate_size: 2048,
  layer_types: Array.from({ length: 18 }, (_, layer) =>
    layer % 6 === 5 ? 'full_attention' : 'sliding_attention',
  ),
  max_position_embeddings: 32768,
  model_type: 'gemma3_text',
  num_attention_heads: 4,
  num_hidden_layers: 18,
  num_key_value_heads: 1,
  pad_token_id: 0,
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_local_base_freq: 10000.0,
  rope_scaling: null,
  rope_theta: 1000000.0,
  sliding_window: 512,
  torch_dtype: 'bfloat16',
  transformers_version: '4.55.0.dev0',
  use_bidirectional_attention: false,
  use_cache: true,
  vocab_size: 262144,
}
const GPT2 = {
  activation_function: 'gelu_new',
  architectures: ['GPT2LMHeadModel'],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: 'gpt2',
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  summary_activation: null,
  summary_first_dropout: 0.1,
  summary_proj_to_labels: true,
  summary_type: 'cls_index',
  summary_use_proj: true,
  task_specific_params: { 'text-generation': { do_sample: true, max_length: 50 } },
  vocab_size: 50257,
}
const PHI3 = {
  _name_or_path: 'Phi-3-mini-4k-instruct',
  architectures: ['Phi3ForCausalLM'],
  attention_dropout: 0.0,
  auto_map: {
    AutoConfig: 'configuration_phi3.Phi3Config',
    AutoModelForCausalLM: 'modeling_phi3.Phi3ForCausalLM',
  },
  attention_bias: false,
  bos_token_id: 1,
  embd_pdrop: 0.0,
  eos_token_id: 32000,
  hidden_act: 'silu',
  hidden_size: 3072,
  initializer_range: 0.02,
  intermediate_size: 8192,
  max_position_embeddings: 4096,
  model_type: 'phi3',
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 32,
  original_max_position_embeddings: 4096,
  pad_token_id: 32000,
  resid_pdrop: 0.0,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 10000.0,
  sliding_window: 2047,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  transformers_version: '4.40.2',
  use_cache: true,
  vocab_size: 32064,
}

test('real configurations are read whole, and their parameters count as their cards say', () => {
  const cards: readonly (readonly [object, number])[] = [
    [QWEN2, 494_032_768], // Qwen2.5-0.5B
    [QWEN3, 596_049_920], // Qwen3-0.6B
    [GEMMA3, 268_098_176], // Gemma 3 270M
    [GPT2, 124_439_808],
    [PHI3, 3_821_079_552], // Phi-3-mini-4k
  ]
  for (const [json, parameters] of cards) assert.equal(parameterCount(parseModelConfig(json)), parameters)
})

test('windows stand in the layers that the file says, by list, by pattern or from a layer on', () => {
  const windows = (json: object) => (parseModelConfig(json) as Gemma3Config | Qwen2Config).windows
  const local = Array.from({ length: 18 }, (_, layer) => (layer % 6 === 5 ? undefined : 512))
  assert.deepEqual(windows(GEMMA3), local)
  const { layer_types: _, _sliding_window_pattern: __, ...old } = GEMMA3
  assert.deepEqual(windows({ ...old, sliding_window_pattern: 6, cache_implementation: 'hybrid' }), local)
  assert.deepEqual(
    windows({ ...old, sliding_window_pattern: 3 }).map(window => window === undefined),
    local.map((_, layer) => layer % 3 === 2),
  )
  assert.ok(windows(QWEN2).every(window => window === undefined))
  const sliding = { ...QWEN2, use_sliding_window: true, sliding_window: 100 }
  assert.deepEqual(
    windows(sliding).map(window => window ?? 0),
    Array.from({ length: 24 }, (_, layer) => (layer < 21 ? 0 : 100)),
  )
  assert.throws(
    () => parseModelConfig({ ...GEMMA3, layer_types: GEMMA3.layer_types.slice(1) }),
    error => isOppuError(error, 'INVALID_DATA'),
  )
})

test('Gemma has a rotary base for near and one for far, in both spellings', () => {
  const rope = (json: object) => (parseModelConfig(json) as Gemma3Config).rope
  const plain = { type: 'default', theta: 10000 }
  assert.deepEqual(rope(GEMMA3), { global: { type: 'default', theta: 1000000 }, local: plain })
  const linear = { type: 'linear', theta: 1000000, factor: 8 }
  const scaled = { ...GEMMA3, rope_scaling: { rope_type: 'linear', factor: 8.0 } }
  assert.deepEqual(rope(scaled), { global: linear, local: plain })
  const { rope_theta: _, rope_local_base_freq: __, rope_scaling: ___, ...bare } = GEMMA3
  assert.deepEqual(
    rope({
      ...bare,
      rope_parameters: {
        full_attention: { rope_type: 'linear', factor: 8.0, rope_theta: 1000000.0 },
        sliding_attention: { rope_type: 'default', rope_theta: 10000.0 },
      },
    }),
    { global: linear, local: plain },
  )
})

test('the long context of Phi-3 is its original one, with its first frequencies', () => {
  const long = {
    ...PHI3,
    max_position_embeddings: 131072,
    partial_rotary_factor: 0.75,
    rope_scaling: {
      type: 'longrope',
      short_factor: new Array(36).fill(1.5),
      long_factor: new Array(36).fill(9),
    },
  }
  const { rope, rotaryDim, maxPositions } = parseModelConfig(long) as Phi3Config
  assert.equal(maxPositions, 4096)
  assert.equal(rotaryDim, 72)
  assert.deepEqual(rope, {
    type: 'longrope',
    theta: 10000,
    factors: new Array(36).fill(1.5),
    scale: Math.sqrt(1 + Math.log(32) / Math.log(4096)),
  })
  for (const short_factor of [undefined, [1], new Array(36).fill(-1)])
    assert.throws(
      () => parseModelConfig({ ...long, rope_scaling: { ...long.rope_scaling, short_factor } }),
      error => isOppuError(error, 'INVALID_DATA') && error.message.includes('short_factor'),
    )
})

test('a field that changes the mathematics is refused by its name', () => {
  const yarn = { rope_scaling: { rope_type: 'yarn', factor: 4.0, original_max_position_embeddings: 32768 } }
  const cases: readonly (readonly [object, object, string])[] = [
    [QWEN2, yarn, 'rope_scaling.rope_type'],
    [QWEN2, { hidden_act: 'gelu' }, 'hidden_act'],
    [QWEN2, { use_mrope: true }, 'use_mrope'],
    [QWEN2, { layer_types: new Array(24).fill('chunked_attention') }, 'layer_types'],
    [QWEN3, { architectures: ['Qwen3MoeForCausalLM'] }, 'architectures'],
    [QWEN3, { num_experts: 128 }, 'num_experts'],
    [GEMMA3, { model_type: 'gemma3' }, 'model_type'],
    [GEMMA3, { attn_logit_softcapping: 50 }, 'attn_logit_softcapping'],
    [GEMMA3, { use_bidirectional_attention: true }, 'use_bidirectional_attention'],
    [GEMMA3, { hidden_activation: 'gelu' }, 'hidden_activation'],
    [GPT2, { activation_function: 'gelu' }, 'activation_function'],
    [GPT2, { add_cross_attention: true }, 'add_cross_attention'],
    [GPT2, { rope_theta: 10000 }, 'rope_theta'],
    [PHI3, { auto_map: { AutoModelForCausalLM: 'modeling_other.Other' } }, 'auto_map'],
    [PHI3, { rope_scaling: { type: 'yarn', factor: 2 } }, 'rope_scaling.rope_type'],
    [PHI3, { attention_bias: true }, 'attention_bias'],
  ]
  for (const [json, change, named] of cases)
    assert.throws(
      () => parseModelConfig({ ...json, ...change }),
      error => isOppuError(error, 'UNSUPPORTED_ARCHITECTURE') && error.message.includes(named),
      named,
    )
})

test("targets are a layer's own name or a longer ending of its path", () => {
  const config: ModelConfig = parseModelConfig(GPT2)
  const meant = (target: string) =>
    linearLayers(config)
      .filter(layer => isTargeted(layer, target))
      .map(({ path }) => path)
  assert.deepEqual(meant('c_proj'), ['attn.c_proj', 'mlp.c_proj'])
  assert.deepEqual(meant('mlp.c_proj'), ['mlp.c_proj'])
  assert.deepEqual(meant('proj'), [])
  assert.deepEqual(defaultTargets(config), ['c_attn'])
})

test("GPT-2's own files leave a word out of every name, and keep masks that are none of its weights", () => {
  const config = parseModelConfig(GPT2)
  const stored = [
    'wte.weight',
    'h.3.attn.c_attn.weight',
    'h.3.attn.bias',
    'h.3.attn.masked_bias',
    'ln_f.bias',
  ]
  const tensors = modelTensors(config, new Map(stored.map(name => [name, name])))
  assert.deepEqual(
    [...tensors.keys()],
    ['transformer.wte.weight', 'transformer.h.3.attn.c_attn.weight', 'transformer.ln_f.bias'],
  )
})
