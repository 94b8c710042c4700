/**
 * What holds of every method whose result is an adapter: its files, both ways and as peft has them; what is refused; a start
 * that is the base where it should be; gradients. Numbers are held against peft's in golden.test.ts.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Scorer } from '../../node/generate/scorer.ts'
import { Graph } from '../../node/graph/graph.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { type Tensor, tensorOf } from '../../node/graph/tensor.ts'
import { headWeight, hiddenStates } from '../../node/model/architectures.ts'
import { batchFeeds, type Example, packExamples } from '../../node/model/batch.ts'
import { frozenWeight } from '../../node/model/frozen.ts'
import { packedLayout } from '../../node/model/layout.ts'
import { labelLosses } from '../../node/model/loss.ts'
import { randomFrom } from '../../node/model/random.ts'
import { readSafetensors } from '../../node/model/safetensors.ts'
import { tensorFeed } from '../../node/peft/adapter.ts'
import { fitBehind } from '../../node/peft/front.ts'
import {
  type AdapterMethodName,
  adapterMethods,
  loadAdapter,
  methods,
  placesOf,
} from '../../node/peft/index.ts'
import type { PreparedMethod } from '../../node/peft/method.ts'
import { TRAIN_SCHEMA } from '../../node/train/config.ts'
import { gradientName, trainingGraph } from '../../node/train/training-graph.ts'
import { type AdapterManifest, decodeAdapterManifest, encodeAdapterManifest } from '../../protocol/adapter.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'
import { METHODS } from '../reference/goldens.ts'
import { readPeftAdapter, withGoldenBase } from '../reference/replay.ts'

/** Options that leave nothing at its default, for a base with biases. */
const OPTIONS: Readonly<Record<AdapterMethodName, Readonly<Record<string, unknown>>>> = {
  lora: { rank: 3, alpha: 5, targets: ['q_proj', 'down_proj'], scaling: 'rank-stabilized', dropout: 0.1 },
  dora: { rank: 3, alpha: 5, targets: ['v_proj', 'gate_proj', 'down_proj'], dropout: 0.1 },
  ia3: { targets: ['q_proj', 'v_proj', 'up_proj'], feedforward: ['up_proj'] },
  'prompt-tuning': { virtualTokens: 3, init: 'random' },
  'prefix-tuning': { virtualTokens: 4, init: 'zero' },
}
const NAMES = Object.keys(OPTIONS) as AdapterMethodName[]
const EXAMPLES: readonly Example[] = [
  { id: 'a', prompt: [1, 17, 33, 4], completion: [5, 6, 7] },
  { id: 'b', prompt: [1, 17, 9], completion: [60, 2] },
  { id: 'c', prompt: [], completion: [8, 9, 10, 11] },
]

let base: TestBase
before(async () => {
  base = await tinyBase({ attention_bias: true, mlp_bias: true })
})
after(() => base.remove())

/** Initial values, or those with something added to every number. */
async function valuesOf(method: PreparedMethod, moved: number): Promise<Map<string, Float32Array>> {
  const random = randomFrom(3)
  const initial = await method.initial(5, base.weights)
  return new Map(
    [...initial].map(([name, values]) => [name, values.map(value => value + moved * random.normal())]),
  )
}

async function written(name: AdapterMethodName, options: unknown = OPTIONS[name]) {
  const method = methods[name].prepare(options, base.config)
  return method.files(await valuesOf(method, 0.3), base.id)
}

function changed(files: ReadonlyMap<string, Uint8Array>, fields: object): Map<string, Uint8Array> {
  const json: unknown = JSON.parse(Buffer.from(files.get('adapter_config.json')!).toString())
  return new Map(files).set(
    'adapter_config.json',
    Buffer.from(JSON.stringify({ ...(json as object), ...fields })),
  )
}

for (const name of NAMES) {
  test(`${name}: an adapter's files are read back as they were written`, async () => {
    const method = methods[name].prepare(OPTIONS[name], base.config)
    const values = await valuesOf(method, 0.3)
    const adapter = loadAdapter(method.files(values, base.id), base)
    assert.equal(adapter.config.method, name)
    assert.deepEqual([...adapter.tensors.keys()].sort(), [...method.shapes.keys()].sort())
    for (const [tensor, { shape, data }] of adapter.tensors) {
      assert.deepEqual(shape, method.shapes.get(tensor))
      assert.deepEqual(data, values.get(tensor))
    }
    const again = methods[name].prepare(method.options, base.config)
    assert.deepEqual([again.options, again.shapes], [method.options, method.shapes])
  })

  test(`${name}: its manifest must say the same`, async () => {
    const files = await written(name)
    const { options, shapes } = methods[name].prepare(OPTIONS[name], base.config)
    const made: AdapterManifest = {
      version: 1,
      baseId: base.id,
      method: name,
      config: { method: options },
      tensors: [...shapes].sort().map(([tensor, shape]) => ({ name: tensor, shape })),
      createdAt: 0,
      trainedItems: 1,
    }
    const manifest = decodeAdapterManifest(encodeAdapterManifest(made))
    assert.deepEqual(manifest, made)
    assert.ok(loadAdapter(files, base, { manifest }))
    const other = name === 'ia3' ? 'lora' : 'ia3'
    assert.throws(
      () => loadAdapter(files, base, { manifest: { ...manifest, method: other } }),
      error => isOppuError(error, 'CORRUPT_ADAPTER') && error.message.includes(other),
    )
    assert.throws(
      () => loadAdapter(files, base, { manifest: { ...manifest, method: 'full' } }),
      error => isOppuError(error, 'INVALID_DATA') && error.message.includes('full'),
    )
  })

  test(`${name}: an unknown field, and a foreign option, are refused by name`, async () => {
    const files = await written(name)
    for (const [field, value] of Object.entries({ brand_new: 1, modules_to_save: ['lm_head'] })) {
      assert.throws(
        () => loadAdapter(changed(files, { [field]: value }), base),
        error => isOppuError(error, 'INVALID_DATA') && error.message.includes(field),
      )
    }
    const foreign = name === 'ia3' ? 'rank' : 'feedforward'
    assert.throws(
      () => methods[name].prepare({ [foreign]: 1 }, base.config),
      error => isOppuError(error, 'UNKNOWN_CONFIGURATION') && error.message.includes(foreign),
    )
  })
}

test('fields that a method cannot follow are refused by name', async () => {
  const refused: readonly (readonly [AdapterMethodName, object, ErrorCode, string])[] = [
    ['lora', { fan_in_fan_out: true }, 'INVALID_DATA', 'fan_in_fan_out'],
    ['dora', { use_dora: 'yes' }, 'CORRUPT_ADAPTER', 'use_dora'],
    ['dora', { use_dora: false }, 'CORRUPT_ADAPTER', 'lora_magnitude_vector'],
    ['ia3', { fan_in_fan_out: true }, 'INVALID_DATA', 'fan_in_fan_out'],
    ['ia3', { exclude_modules: ['q_proj'] }, 'INVALID_DATA', 'exclude_modules'],
    ['ia3', { feedforward_modules: ['down_proj'] }, 'INVALID_DATA', 'feedforward_modules'],
    ['ia3', { feedforward_modules: [] }, 'CORRUPT_ADAPTER', 'up_proj'],
    ['ia3', { target_modules: '.*_proj' }, 'INVALID_DATA', 'target_modules'],
    ['prompt-tuning', { token_dim: 25 }, 'INVALID_DATA', 'token_dim'],
    ['prompt-tuning', { num_transformer_submodules: 2 }, 'INVALID_DATA', 'num_transformer_submodules'],
    ['prompt-tuning', { num_virtual_tokens: 2 }, 'CORRUPT_ADAPTER', 'prompt_embeddings'],
    ['prompt-tuning', { num_virtual_tokens: 1.5 }, 'CORRUPT_ADAPTER', 'num_virtual_tokens'],
    ['prompt-tuning', { peft_type: 'P_TUNING' }, 'INVALID_DATA', 'P_TUNING'],
    ['prefix-tuning', { num_attention_heads: 4 }, 'INVALID_DATA', 'num_attention_heads'],
    ['prefix-tuning', { num_layers: 3 }, 'INVALID_DATA', 'num_layers'],
    ['prefix-tuning', { token_dim: 24 }, 'INVALID_DATA', 'token_dim'],
    ['prefix-tuning', { num_virtual_tokens: -1 }, 'CORRUPT_ADAPTER', 'num_virtual_tokens'],
  ]
  for (const [name, fields, code, word] of refused) {
    const files = changed(await written(name), fields)
    assert.throws(
      () => loadAdapter(files, base),
      error => isOppuError(error, code) && error.message.includes(word),
      `${name} ${JSON.stringify(fields)}`,
    )
  }
  assert.throws(
    () => methods.ia3.prepare({ targets: 'q_proj', feedforward: 'up_proj' }, base.config),
    error => isOppuError(error, 'INVALID_ARGUMENT') && error.message.includes('up_proj'),
  )
  const encode = () => [1]
  for (const [initText, tokenizer] of [
    ['a text', undefined],
    ['a text', { encode: () => [] }],
    ['x'.repeat(5000), { encode }],
  ] as const) {
    assert.throws(
      () => methods['prompt-tuning'].prepare({ initText }, base.config, tokenizer),
      error => isOppuError(error, 'INVALID_ARGUMENT') && error.message.includes('initText'),
    )
  }
  assert.ok(methods['prompt-tuning'].prepare({ initText: 'a text' }, base.config, { encode }))
})

/** Adapters as peft wrote them, by the method that should read them, and the options that make the like. */
const PEFTS: readonly (readonly [string, string, AdapterMethodName, object])[] = [
  ['rslora', 'golden/llama-tied', 'lora', { rank: 4, alpha: 3, scaling: 'rank-stabilized', dropout: 0 }],
  [
    'dora-initial',
    'golden/llama-tied',
    'dora',
    { rank: 4, alpha: 8, targets: 'q_proj,v_proj,down_proj', dropout: 0 },
  ],
  ['dora-gpt2', 'architectures/gpt2', 'dora', { rank: 2, alpha: 4, dropout: 0 }],
  ['ia3', 'golden/llama-llama3', 'ia3', {}],
  ['ia3-gpt2', 'architectures/gpt2', 'ia3', {}],
  [
    'ia3-other',
    'golden/llama-tied',
    'ia3',
    { targets: 'q_proj,o_proj,up_proj', feedforward: 'o_proj,up_proj' },
  ],
  ['prompt', 'golden/llama-llama3', 'prompt-tuning', { virtualTokens: 5, init: 'random' }],
  ['prompt-text', 'golden/llama-tied', 'prompt-tuning', { virtualTokens: 9, initText: 'the rain in on and' }],
  [
    'prompt-text-gemma3',
    'architectures/gemma3',
    'prompt-tuning',
    { virtualTokens: 9, initText: 'the rain in on and' },
  ],
  ['prefix', 'golden/llama-llama3', 'prefix-tuning', { virtualTokens: 5, init: 'random' }],
]

test("what we write is what peft writes: the same tensors, and fields at the values of peft's", async () => {
  for (const [name, model, methodName, options] of PEFTS) {
    await withGoldenBase(
      `../${model}`,
      async golden => {
        const folder = join(METHODS, 'adapters', name)
        const theirs = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object
        const method = methods[methodName].prepare(options, golden.config, golden.tokenizer)
        const adapter = await readPeftAdapter(folder, golden)
        assert.equal(adapter.config.method, methodName)
        const initial = await method.initial(0, golden.weights)
        const files = method.files(initial, golden.id)
        const ours = JSON.parse(Buffer.from(files.get('adapter_config.json')!).toString()) as object
        const named = ['base_model_name_or_path', 'tokenizer_name_or_path']
        for (const [field, value] of Object.entries(ours)) {
          if (named.includes(field)) continue
          const other: unknown = theirs[field as never]
          const sorted = (list: unknown) => (Array.isArray(list) ? [...list].sort() : list)
          assert.deepEqual(sorted(value), sorted(other), `${name}: ${field}`)
        }
        const { tensors } = readSafetensors(files.get('adapter_model.safetensors')!)
        const shapesOf = (map: ReadonlyMap<string, { readonly shape: readonly number[] }>) =>
          Object.fromEntries([...map].sort().map(([tensor, { shape }]) => [tensor, shape]))
        assert.deepEqual(shapesOf(tensors), shapesOf(adapter.tensors), name)
        // Where peft's start is no random draw it is ours too.
        for (const [tensor, { data }] of adapter.tensors) {
          if (
            !name.startsWith('prompt-text') &&
            !(name === 'dora-initial' && tensor.endsWith('magnitude_vector'))
          )
            continue
          for (const [index, value] of initial.get(tensor)!.entries())
            assert.ok(Math.abs(value - data[index]!) < 1e-6 * Math.abs(value), `${name}: ${tensor}`)
        }
      },
      METHODS,
    )
  }
})

function batchOf(method: PreparedMethod) {
  const examples = EXAMPLES.map(example => fitBehind(method.front, example, 64)!)
  return packExamples(examples, 256, method.front.prefixTokens)[0]!
}

/** Losses and gradients of a training graph with these parameters, nothing dropped; and the same again with others. */
async function pass(method: PreparedMethod, values: ReadonlyMap<string, Float32Array>) {
  const { graph, attached } = trainingGraph(base.config, base.weights, method)
  const session = await GraphSession.open(graph, { device: 'cpu' })
  after(() => session.close())
  const batch = batchOf(method)
  const fixed = {
    ...batchFeeds(batch),
    ...attached.noise({ tokens: batch.tokens.length, labels: batch.targets.length }, undefined),
    scale: tensorOf('float32', [], [1]),
  }
  const run = async (parameters: ReadonlyMap<string, Float32Array>) =>
    await session.run({
      ...fixed,
      ...Object.fromEntries(
        [...parameters].map(([name, data]) => [name, tensorFeed(method.shapes.get(name)!, data)]),
      ),
    })
  return { outputs: await run(values), run }
}

const STEP = 3e-3

function total({ losses }: Readonly<Record<string, Tensor>>): number {
  return (losses!.data as Float32Array).reduce((sum, loss) => sum + loss, 0)
}

/** A difference over two steps against a gradient, in float32. */
function assertClose(difference: number, gradient: number, what: string): void {
  const slope = difference / (2 * STEP)
  assert.ok(
    Math.abs(slope - gradient) < 5e-3 * Math.max(1, Math.abs(slope)),
    `${what}: ${gradient}, ${slope}`,
  )
}

test('step zero is the base to the bit, with dropout off, where a method says so', async () => {
  const { outputs: plain } = await pass(methods.full.prepare({}, base.config), base.values)
  for (const name of ['lora', 'dora', 'ia3'] as const) {
    const method = methods[name].prepare(OPTIONS[name], base.config)
    const values = await method.initial(5, base.weights)
    const { outputs } = await pass(method, values)
    assert.deepEqual(outputs.losses, plain.losses, name)
    const adapter = loadAdapter(method.files(values, base.id), base)
    await using scorer = await Scorer.open({ base, device: 'cpu', first: adapter })
    assert.deepEqual(await scorer.score(EXAMPLES, adapter), await scorer.score(EXAMPLES), name)
  }
})

test('gradients agree with central differences', async () => {
  for (const name of NAMES) {
    const method = methods[name].prepare(OPTIONS[name], base.config)
    const values = await valuesOf(method, 0.3)
    const { outputs, run } = await pass(method, values)
    const random = randomFrom(9)
    for (const [parameter, data] of values) {
      if (name === 'dora' && /lora_[AB]/.test(parameter)) continue // see below
      const gradient = outputs[gradientName(parameter)]!.data as Float32Array
      for (let tries = 0; tries < 6; tries++) {
        const at = random.below(data.length)
        const lossAt = async (by: number) =>
          total(await run(new Map(values).set(parameter, data.with(at, data[at]! + by))))
        const difference = (await lossAt(STEP)) - (await lossAt(-STEP))
        assertClose(difference, gradient[at]!, `${name} ${parameter}[${at}]`)
      }
    }
  }
})

test("the gradient of DoRA's factors is the one with m / n held still", async () => {
  const method = methods.dora.prepare(OPTIONS.dora, base.config)
  const values = await valuesOf(method, 0.3)
  const { outputs } = await pass(method, values)
  // A session that serves adapters is fed m / n, so differences of it hold m / n still.
  const adapter = loadAdapter(method.files(values, base.id), base)
  const graph = new Graph()
  const served = adapterMethods.dora.serve(graph, base, placesOf(base.config, adapter.config))
  const layout = packedLayout(graph)
  const hooks = { weight: frozenWeight(graph, base.weights), ...served.hooks }
  const hidden = hiddenStates(base.config, layout, hooks)
  graph.output('losses', labelLosses(hidden, headWeight(base.config, hooks), layout.inputs.targets))
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const feeds = { ...batchFeeds(batchOf(method)), ...(await served.feeds(adapter)) }
  const random = randomFrom(10)
  for (const [parameter, data] of values) {
    if (parameter.endsWith('magnitude_vector')) continue
    const gradient = outputs[gradientName(parameter)]!.data as Float32Array
    for (let tries = 0; tries < 6; tries++) {
      const at = random.below(data.length)
      const lossAt = async (by: number) => {
        const nudged = { ...feeds[parameter]!, data: data.with(at, data[at]! + by) } as Tensor
        return total(await session.run({ ...feeds, [parameter]: nudged }))
      }
      assertClose((await lossAt(STEP)) - (await lossAt(-STEP)), gradient[at]!, `${parameter}[${at}]`)
    }
  }
})

test('what a method puts in front counts, and is never cut', () => {
  const long: Example = { id: 'long', prompt: Array.from({ length: 20 }, (_, i) => i), completion: [1, 2, 3] }
  const front = { virtualIds: [61, 62], prefixTokens: 0 }
  const fit = fitBehind(front, long, 13)!
  assert.deepEqual(fit.prompt, [61, 62, 0, 1, 14, 15, 16, 17, 18, 19])
  assert.deepEqual(fit.completion, [1, 2, 3])
  assert.equal(fitBehind({ virtualIds: [], prefixTokens: 5 }, long, 13)!.prompt.length, 5)
  assert.equal(fitBehind(front, long, 5), undefined)
  const bare: Example = { id: 'bare', prompt: [], completion: [7] }
  assert.deepEqual(fitBehind(front, bare, 3), { id: 'bare', prompt: [61, 62], completion: [7] })
  assert.equal(fitBehind(front, bare, 2), undefined)
  assert.equal(fitBehind({ virtualIds: [], prefixTokens: 1 }, bare, 9), undefined)
})

test('no option of a method is named like one of training', () => {
  for (const name of NAMES)
    for (const option of Object.keys(methods[name].schema)) assert.ok(!(option in TRAIN_SCHEMA), option)
})
