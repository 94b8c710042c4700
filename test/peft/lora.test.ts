import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModelConfig } from '../../node/model/config.ts'
import { readSafetensors, writeSafetensors } from '../../node/model/safetensors.ts'
import { loadAdapter, methods, parseMethodName } from '../../node/peft/index.ts'
import { encodeLoraConfig, readLoraConfig } from '../../node/peft/lora-config.ts'
import { decodePeftConfig } from '../../node/peft/peft-config.ts'
import { isOppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { TINY_CONFIG } from '../model/bases.ts'

const config = parseModelConfig(TINY_CONFIG)
const base = { id: '1'.repeat(64) as BaseId, config }
const noWeights = { path: '', tensors: new Map() }

async function files(options: unknown = { rank: 3, alpha: 6, targets: ['v_proj', 'q_proj', 'down_proj'] }) {
  const method = methods.lora.prepare(options, config)
  return method.files(await method.initial(5, noWeights), base.id)
}

test("names, shapes and first values are PEFT's", async () => {
  const method = methods.lora.prepare({ rank: 3, targets: ['q_proj', 'v_proj'] }, config)
  assert.equal(method.shapes.size, 2 * 2 * 2)
  assert.deepEqual(
    method.shapes.get('base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight'),
    [3, 24],
  )
  assert.deepEqual(
    method.shapes.get('base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight'),
    [12, 3],
  )
  const initial = await method.initial(0, noWeights)
  for (const [name, values] of initial) {
    if (name.includes('lora_B')) assert.ok(values.every(value => value === 0))
    else {
      const largest = Math.max(...values.map(Math.abs))
      assert.ok(largest <= 1 / Math.sqrt(24) && largest > 0.8 / Math.sqrt(24))
    }
  }
  assert.deepEqual(await method.initial(0, noWeights), initial)
  assert.notDeepEqual(await method.initial(1, noWeights), initial)
})

test("an adapter's files are read back as they were written", async () => {
  const written = await files()
  const adapter = loadAdapter(written, base)
  assert.deepEqual(adapter.config, {
    method: 'lora',
    rank: 3,
    alpha: 6,
    dropout: 0.05,
    targets: ['q_proj', 'v_proj', 'down_proj'],
    rankStabilized: false,
  })
  assert.deepEqual(adapter.tensors, readSafetensors(written.get('adapter_model.safetensors')!).tensors)
  const json = JSON.parse(new TextDecoder().decode(written.get('adapter_config.json')))
  assert.deepEqual(
    [json.peft_type, json.r, json.lora_alpha, json.task_type, json.bias],
    ['LORA', 3, 6, 'CAUSAL_LM', 'none'],
  )
})

test('an adapter on another base is refused, naming both', async () => {
  const other = { id: '2'.repeat(64) as BaseId, config }
  const refused = (error: unknown) =>
    isOppuError(error, 'BASE_MISMATCH') && error.message.includes(base.id) && error.message.includes(other.id)
  const written = await files()
  assert.throws(() => loadAdapter(written, other), refused)
  const manifest = {
    version: 1,
    baseId: base.id,
    method: 'lora',
    config: {},
    tensors: [],
    createdAt: 0,
    trainedItems: 1,
  } as const
  assert.throws(() => loadAdapter(written, other, { manifest, acceptUnbound: true }), refused)
})

test('an adapter that names no base is taken only on purpose', async () => {
  const written = await files()
  const { tensors } = readSafetensors(written.get('adapter_model.safetensors')!)
  const foreign = new Map(written).set(
    'adapter_model.safetensors',
    writeSafetensors(tensors, { format: 'pt' }),
  )
  assert.throws(
    () => loadAdapter(foreign, base),
    error => isOppuError(error, 'CORRUPT_ADAPTER'),
  )
  assert.equal(loadAdapter(foreign, base, { acceptUnbound: true }).tensors.size, 12)
})

test('a damaged adapter is refused: cut anywhere, tensors missing, left over, misshapen or not finite', async () => {
  const written = await files()
  const weights = written.get('adapter_model.safetensors')!
  const refused = (changed: Uint8Array) =>
    assert.throws(
      () => loadAdapter(new Map(written).set('adapter_model.safetensors', changed), base),
      error => isOppuError(error, 'CORRUPT_ADAPTER'),
    )
  for (let length = 0; length < weights.length; length += 97) refused(weights.subarray(0, length))
  const { tensors } = readSafetensors(weights)
  const metadata = { 'oppu.base': base.id }
  const [name, first] = [...tensors][0]!
  refused(writeSafetensors(new Map([...tensors].slice(1)), metadata))
  refused(writeSafetensors(new Map(tensors).set('more', first), metadata))
  refused(
    writeSafetensors(
      new Map(tensors).set(name, { shape: [1, first.data.length], data: first.data }),
      metadata,
    ),
  )
  refused(
    writeSafetensors(
      new Map(tensors).set(name, { ...first, data: first.data.with(0, Number.NaN) }),
      metadata,
    ),
  )
  assert.throws(
    () => loadAdapter(new Map(written).set('adapter_config.json', Buffer.from('{')), base),
    error => isOppuError(error, 'CORRUPT_ADAPTER'),
  )
  assert.throws(
    () => loadAdapter(new Map([...written].slice(0, 1)), base),
    error => isOppuError(error, 'CORRUPT_ADAPTER') && /lacks its/.test(error.message),
  )
})

test("PEFT's own configuration is read; what would change the product is refused by name", () => {
  const plain = {
    alora_invocation_tokens: null,
    alpha_pattern: {},
    arrow_config: null,
    auto_mapping: null,
    base_model_name_or_path: 'x',
    bias: 'none',
    corda_config: null,
    ensure_weight_tying: false,
    eva_config: null,
    exclude_modules: null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_alpha: 16,
    lora_bias: false,
    lora_dropout: 0.1,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    peft_type: 'LORA',
    peft_version: '0.18.0',
    qalora_group_size: 16,
    r: 4,
    rank_pattern: {},
    revision: null,
    target_modules: ['v_proj', 'q_proj'],
    target_parameters: null,
    task_type: 'CAUSAL_LM',
    trainable_token_indices: null,
    use_dora: false,
    use_qalora: false,
    use_rslora: true,
  }
  const decode = (fields: object) =>
    readLoraConfig(decodePeftConfig(Buffer.from(JSON.stringify(fields))), config)
  const read = decode(plain)
  assert.deepEqual(read, {
    method: 'lora',
    rank: 4,
    alpha: 16,
    dropout: 0.1,
    targets: ['q_proj', 'v_proj'],
    rankStabilized: true,
  })
  assert.deepEqual(readLoraConfig(decodePeftConfig(encodeLoraConfig(read, config, 'x')), config), read)
  assert.equal(decode({ ...plain, use_dora: true }).method, 'dora')
  assert.equal(decode({ ...plain, target_modules: 'all-linear' }).targets.length, 7)
  const bad = {
    bias: 'all',
    rank_pattern: { q_proj: 2 },
    alpha_pattern: { q_proj: 2 },
    modules_to_save: ['lm_head'],
    layers_to_transform: [1],
    fan_in_fan_out: true,
    target_modules: ['out_proj'],
    lora_bias: true,
    brand_new: 1,
    init_lora_weights: 'pissa',
    loftq_config: { loftq_bits: 4 },
  }
  for (const [name, value] of Object.entries(bad)) {
    assert.throws(
      () => decode({ ...plain, [name]: value }),
      error => isOppuError(error, 'INVALID_DATA') && error.message.includes(name),
      name,
    )
  }
  assert.equal(decode({ ...plain, init_lora_weights: 'gaussian' }).rank, 4)
  const broken = [
    ...[0, '4', 4.5, null, undefined].map(r => ({ r })),
    ...[0, -1, 1e300, '1e9', null].map(lora_alpha => ({ lora_alpha })),
    { use_rslora: 'yes' },
    { lora_dropout: 2 },
  ]
  for (const fields of broken)
    assert.throws(
      () => decode({ ...plain, ...fields }),
      error => isOppuError(error, 'CORRUPT_ADAPTER'),
    )
})

test('unknown options and methods are refused by name', () => {
  assert.throws(
    () => methods.lora.prepare({ ranks: 3 }, config),
    error => isOppuError(error, 'UNKNOWN_CONFIGURATION') && error.message.includes('ranks'),
  )
  assert.throws(
    () => methods.lora.prepare({ rank: 0 }, config),
    error => isOppuError(error, 'INVALID_ARGUMENT') && error.message.includes('rank'),
  )
  assert.throws(
    () => methods.lora.prepare({ targets: ['out_proj'] }, config),
    error => isOppuError(error, 'INVALID_ARGUMENT'),
  )
  assert.throws(
    () => methods.full.prepare({ rank: 1 }, config),
    error => isOppuError(error, 'UNKNOWN_CONFIGURATION'),
  )
  assert.deepEqual(methods.lora.prepare({ targets: 'v_proj, q_proj', rank: '4' }, config).options, {
    rank: 4,
    alpha: 8,
    scaling: 'standard',
    dropout: 0.05,
    targets: ['q_proj', 'v_proj'],
  })
  assert.equal(parseMethodName('full'), 'full')
  assert.throws(
    () => parseMethodName('toString'),
    error => isOppuError(error, 'INVALID_ARGUMENT'),
  )
})
