/**
 * Logits and greedy continuations of a tiny model of each architecture beyond Llama's, and of the GGUF made of it, against
 * what transformers gave (`test/reference/` says how the numbers were made). Everything goes the way of a user's base.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { importBase } from '../../node/base/import.ts'
import { type OpenedBase, openBase } from '../../node/base/open.ts'
import { TokenGenerator } from '../../node/generate/generator.ts'
import type { ModelConfig } from '../../node/model/config.ts'
import { readWeights } from '../../node/model/weights.ts'
import { methods } from '../../node/peft/index.ts'
import { baseId } from '../../protocol/manifest.ts'
import { ARCHITECTURES, readGoldens } from '../reference/goldens.ts'
import { openLogits, worstDifference } from '../reference/logits.ts'

/** Half of which may be rounding: float32 sums in another order, and the goldens' sixth decimal. */
const BAR = 1e-5

const goldens = await readGoldens(ARCHITECTURES)
const home = await mkdtemp(join(tmpdir(), 'oppu-architectures-'))
after(() => rm(home, { recursive: true, force: true }))

async function baseOf(name: string): Promise<OpenedBase> {
  const manifest = await importBase(`file:${join(ARCHITECTURES, name)}`, { home })
  return await openBase(join(home, 'bases', baseId(manifest)), manifest)
}

async function worstOf(base: OpenedBase, model: string, change: object = {}): Promise<number> {
  const golden = goldens.logits.find(golden => golden.model === model)!
  await using session = await openLogits({
    weights: base.weights,
    config: { ...base.config, ...change } as ModelConfig,
  })
  const ours: number[] = []
  for (const [index, prompt] of golden.prompts.entries())
    ours.push(...(await session.run(prompt, { rows: golden.rows[index]! })))
  return worstDifference(ours, golden.logits.flat())
}

for (const golden of goldens.logits) {
  test(`${golden.model}: logits are the reference's`, async () => {
    const worst = await worstOf(await baseOf(golden.model), golden.model)
    assert.ok(worst < BAR, `the worst logit is off by ${worst}`)
  })

  test(`${golden.model}: greedy continuations are the reference's`, async () => {
    await using generator = await TokenGenerator.open({ base: await baseOf(golden.model), device: 'cpu' })
    for (const [index, prompt] of golden.prompts.entries()) {
      const expected = golden.greedy[index]!
      const tokens: number[] = []
      for await (const token of generator.generate({ prompt, maxTokens: expected.length })) tokens.push(token)
      assert.deepEqual(tokens, expected)
    }
  })
}

for (const model of ['qwen2', 'qwen3', 'gemma3', 'gpt2', 'phi3', 'phi3-long']) {
  test(`${model}: its GGUF holds the same model`, async () => {
    const [folder, gguf] = [await baseOf(model), await baseOf(`${model}-gguf`)]
    // What GGUF has no place for (llama.cpp leaves the window of Qwen2 out too) is not compared; its floats are float32.
    const told = (config: ModelConfig) => {
      const { initializerRange: _, ...rest } = model === 'qwen2' ? { ...config, windows: [] } : config
      const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Math.fround(value) : value)
      return JSON.stringify(Object.entries(rest).sort(), rounded)
    }
    assert.equal(told(gguf.config), told(folder.config))
    const [expected, found] = [await readWeights(folder.weights), await readWeights(gguf.weights)]
    assert.deepEqual([...found.keys()], [...expected.keys()])
    for (const [name, values] of expected) {
      const worst = worstDifference(found.get(name)!, values)
      assert.ok(
        worst <= (model === 'gemma3' && name.endsWith('norm.weight') ? 2 ** -23 : 0),
        `${name}: ${worst}`,
      )
    }
    if (model !== 'qwen2') assert.ok((await worstOf(gguf, model)) < 2 * BAR)
  })
}

test("GPT-2 trained whole is written as Hugging Face's files have it, its matrices turned", async () => {
  const base = await baseOf('gpt2')
  const weights = await readWeights(base.weights)
  const files = methods.full.prepare({}, base.config).files(weights, base.id)
  const folder = join(home, 'trained')
  await cp(join(ARCHITECTURES, 'gpt2'), folder, { recursive: true })
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes)
  const manifest = await importBase(`file:${folder}`, { home })
  const again = await openBase(join(home, 'bases', baseId(manifest)), manifest)
  assert.notEqual(again.id, base.id) // other bytes: metadata, order
  for (const [name, values] of await readWeights(again.weights))
    assert.deepEqual(values, weights.get(name), name)
})

test('what the architectures differ in shows in the logits', async () => {
  const rope = (theta: number) => ({ type: 'default', theta })
  const changes: readonly (readonly [string, object])[] = [
    ['qwen2', { windows: [undefined, undefined, undefined] }],
    ['qwen2', { windows: [8, 8, 8] }],
    ['qwen3', { rope: rope(1e4) }],
    ['gemma3', { windows: new Array(6).fill(undefined) }],
    ['gemma3', { windows: [9, 9, 9, 9, 9, undefined] }],
    ['gemma3', { queryScalar: 17 }],
    ['gemma3', { rope: { global: rope(1e6), local: rope(1e6) } }],
    ['gemma3-odd', { rope: { global: rope(5000), local: rope(100) } }],
    ['gemma3-odd', { logitSoftcap: undefined }],
    ['gpt2', { layerNormEps: 1e-2 }],
    ['gpt2-odd', { scaleByLayer: false }],
    ['phi3', { slidingWindow: 9 }],
    ['phi3-long', { rotaryDim: 6 }],
    ['phi3-long', { rope: { type: 'longrope', theta: 100, factors: [1, 1.5, 2.25, 3.5], scale: 1 } }],
  ]
  for (const [model, change] of changes) {
    const worst = await worstOf(await baseOf(model), model, change)
    assert.ok(worst > 100 * BAR, `${model}: ${JSON.stringify(change)} changes the logits by ${worst} only`)
  }
})
