import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ropeFrequencies } from '../../node/model/attention.ts'
import { type LlamaConfig, parseModelConfig } from '../../node/model/config.ts'
import {
  checkWeights,
  linearLayers,
  modelTensors,
  parameterCount,
  weightShapes,
} from '../../node/model/weights.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { storiesBase, storiesMissing, TINY_CONFIG } from './bases.ts'

/** SmolLM2-135M-Instruct's own config.json. */
const SMOLLM2 = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: 'silu',
  hidden_size: 576,
  initializer_range: 0.041666666666666664,
  intermediate_size: 1536,
  is_llama_config: true,
  max_position_embeddings: 8192,
  mlp_bias: false,
  model_type: 'llama',
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  pad_token_id: 2,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_interleaved: false,
  rope_scaling: null,
  rope_theta: 100000,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  'transformers.js_config': { kv_cache_dtype: { q4f16: 'float16', fp16: 'float16' } },
  transformers_version: '4.42.3',
  use_cache: true,
  vocab_size: 49152,
}

test('a real configuration is read whole, and its parameters count as by hand', () => {
  const config = parseModelConfig(SMOLLM2)
  assert.equal(config.headDim, 64)
  assert.deepEqual((config as LlamaConfig).rope, { type: 'default', theta: 100000 })
  const layer = 576 * 576 * 2 + 192 * 576 * 2 + 3 * 576 * 1536 + 2 * 576
  assert.equal(parameterCount(config), 49152 * 576 + 30 * layer + 576)
  assert.equal(parameterCount(config), 134_515_008) // as the model's card says
  assert.equal(weightShapes(config).has('lm_head.weight'), false)
  assert.deepEqual(
    linearLayers(config).find(({ path }) => path === 'self_attn.k_proj'),
    { path: 'self_attn.k_proj', out: 192, in: 576, bias: false },
  )
})

test('an untied head and biases are weights of their own', () => {
  const config = parseModelConfig({
    ...TINY_CONFIG,
    tie_word_embeddings: false,
    attention_bias: true,
    mlp_bias: true,
  })
  const shapes = weightShapes(config)
  assert.deepEqual(shapes.get('lm_head.weight'), [61, 24])
  assert.deepEqual(shapes.get('model.layers.1.self_attn.k_proj.bias'), [12])
  assert.deepEqual(shapes.get('model.layers.0.mlp.down_proj.bias'), [24])
})

test('a field that changes the mathematics is refused by its name', () => {
  const bad: Record<string, unknown> = {
    model_type: 'mamba',
    hidden_act: 'gelu',
    architectures: ['LlamaForSequenceClassification'],
    quantization_config: { bits: 4 },
    rope_interleaved: true,
    partial_rotary_factor: 0.5,
    sliding_window: 4096, // a Llama has none
    no_rope_layers: [1, 0],
    layer_types: ['full_attention'],
    auto_map: { AutoModel: 'x.Y' },
    some_new_field: 1,
  }
  for (const [name, value] of Object.entries(bad)) {
    assert.throws(
      () => parseModelConfig({ ...TINY_CONFIG, [name]: value }),
      error => isOppuError(error, 'UNSUPPORTED_ARCHITECTURE') && error.message.includes(name),
      name,
    )
  }
  for (const type of ['dynamic', 'yarn', 'longrope', 'su', undefined]) {
    assert.throws(
      () => parseModelConfig({ ...TINY_CONFIG, rope_scaling: { type, factor: 2 } }),
      error => isOppuError(error, 'UNSUPPORTED_ARCHITECTURE') && error.message.includes('rope_type'),
    )
  }
  assert.throws(
    () =>
      parseModelConfig({ ...TINY_CONFIG, rope_scaling: { type: 'linear', factor: 2, attention_factor: 3 } }),
    error =>
      isOppuError(error, 'UNSUPPORTED_ARCHITECTURE') &&
      error.message.includes('rope_scaling.attention_factor'),
  )
})

test('a field that is missing or no sensible number is bad data', () => {
  const { vocab_size: _, ...noVocabulary } = TINY_CONFIG
  const cases: unknown[] = [
    noVocabulary,
    null,
    [],
    'x',
    ...[0, -1, 1.5, '64', Number.NaN, 1e12].map(value => ({ ...TINY_CONFIG, hidden_size: value })),
  ]
  cases.push(
    { ...TINY_CONFIG, num_key_value_heads: 3 },
    { ...TINY_CONFIG, head_dim: 5 },
    { ...TINY_CONFIG, num_hidden_layers: 2 ** 30 },
    { ...TINY_CONFIG, tie_word_embeddings: 'yes' },
    { ...TINY_CONFIG, rope_scaling: 'linear' },
  )
  for (const json of cases)
    assert.throws(
      () => parseModelConfig(json),
      error => isOppuError(error, 'INVALID_DATA'),
      JSON.stringify(json),
    )
})

test("Mistral: the window is read, null is none, absent is the class's 4096", () => {
  const mistral = { ...TINY_CONFIG, architectures: ['MistralForCausalLM'], model_type: 'mistral' }
  const window = (changes: object) =>
    (parseModelConfig({ ...mistral, ...changes }) as LlamaConfig).slidingWindow
  assert.equal(window({ sliding_window: 16 }), 16)
  assert.equal(window({ sliding_window: null }), undefined)
  assert.equal(window({}), 4096)
})

test('both spellings of the rope give the same, and scalings stretch long waves only', () => {
  const llama3 = {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 64,
  }
  const { rope_theta: theta, ...bare } = TINY_CONFIG
  const ropeOf = (json: object) => (parseModelConfig(json) as LlamaConfig).rope
  const old = ropeOf({ ...TINY_CONFIG, rope_scaling: llama3 })
  assert.deepEqual(ropeOf({ ...bare, rope_parameters: { rope_theta: theta, ...llama3 } }), old)
  assert.deepEqual(ropeOf({ ...bare, rope_parameters: { rope_type: 'default', rope_theta: 7 } }), {
    type: 'default',
    theta: 7,
  })
  const plain = ropeFrequencies({ type: 'default', theta: 10000 }, 16)
  const scaled = ropeFrequencies(old, 16)
  assert.equal(scaled[0], plain[0]) // 10 turns within the old context: kept
  assert.ok(scaled[1]! < plain[1]! && scaled[1]! > plain[1]! / 8) // 3.2 turns: blended
  assert.equal(scaled[7], plain[7]! / 8) // less than a turn: stretched
  assert.deepEqual(
    ropeFrequencies({ type: 'linear', theta: 10000, factor: 4 }, 16),
    plain.map(frequency => frequency / 4),
  )
})

test('weights are checked one by one; a tied head may stand under either name', () => {
  const config = parseModelConfig(TINY_CONFIG)
  const shapes = weightShapes(config)
  const tensors = new Map([...shapes].map(([name, shape]) => [name, { shape }]))
  checkWeights(config, tensors)
  const headOnly = new Map(tensors).set('lm_head.weight', tensors.get('model.embed_tokens.weight')!)
  headOnly.delete('model.embed_tokens.weight')
  headOnly.set('model.layers.0.self_attn.rotary_emb.inv_freq', { shape: [3] })
  checkWeights(config, modelTensors(config, headOnly))
  const refused = [
    new Map(tensors).set('model.norm.weight', { shape: [25] }),
    new Map(tensors).set('model.extra.weight', { shape: [1] }),
    new Map([...tensors].slice(1)),
  ]
  for (const bad of refused)
    assert.throws(
      () => checkWeights(config, bad),
      error => isOppuError(error, 'INVALID_DATA'),
    )
})

test('the real base beside the checkout has the parameters its note says', {
  skip: storiesMissing,
}, async () => {
  assert.equal(parameterCount((await storiesBase()).config), 656_000)
})
