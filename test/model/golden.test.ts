/**
 * Logits and greedy continuations of tiny models and adapters against what transformers and peft gave for them
 * (`test/reference/` says how the numbers were made). Everything goes the way of a user's base: import, open, run.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { TokenGenerator } from '../../node/generate/generator.ts'
import type { LlamaConfig, ModelConfig } from '../../node/model/config.ts'
import { GOLDEN, type LogitsGolden, readGoldens } from '../reference/goldens.ts'
import { openLogits, worstDifference } from '../reference/logits.ts'
import { readPeftAdapter, withGoldenBase } from '../reference/replay.ts'

/** Measured: below 1e-5, half of which is the goldens' rounding. */
const BAR = 1e-4

const goldens = await readGoldens()

async function worstOf(golden: LogitsGolden, change: Partial<LlamaConfig> = {}): Promise<number> {
  return await withGoldenBase(golden.model, async base => {
    const adapter =
      golden.adapter === undefined
        ? undefined
        : await readPeftAdapter(join(GOLDEN, 'adapters', golden.adapter), base)
    await using session = await openLogits({
      weights: base.weights,
      config: { ...base.config, ...change } as ModelConfig,
    })
    const ours: number[] = []
    for (const [index, prompt] of golden.prompts.entries())
      ours.push(...(await session.run(prompt, { rows: golden.rows[index]!, adapter })))
    return worstDifference(ours, golden.logits.flat())
  })
}

for (const golden of goldens.logits) {
  const name =
    golden.adapter === undefined ? golden.model : `${golden.model} with the adapter ${golden.adapter}`

  test(`${name}: logits are the reference's`, async () => {
    const worst = await worstOf(golden)
    assert.ok(worst < BAR, `the worst logit is off by ${worst}`)
  })

  test(`${name}: greedy continuations are the reference's`, async () => {
    await withGoldenBase(golden.model, async base => {
      await using generator = await TokenGenerator.open({ base, device: 'cpu' })
      const adapter =
        golden.adapter && (await readPeftAdapter(join(GOLDEN, 'adapters', golden.adapter), base))
      for (const [index, prompt] of golden.prompts.entries()) {
        const expected = golden.greedy[index]!
        const options = { prompt, maxTokens: expected.length, ...(adapter ? { adapter } : {}) }
        const tokens: number[] = []
        for await (const token of generator.generate(options)) tokens.push(token)
        assert.deepEqual(tokens, expected)
      }
    })
  })
}

test('what the models differ in shows in the logits', async () => {
  const plain = { type: 'default', theta: 10000 } as const
  const changes: readonly (readonly [string, Partial<LlamaConfig>])[] = [
    ['llama-tied', { rmsNormEps: 1e-2 }],
    ['llama-linear', { rope: plain }],
    ['llama-llama3', { rope: { ...plain, theta: 500 } }],
    ['mistral', { slidingWindow: 9 }],
    ['mistral', { rope: plain }],
  ]
  for (const [model, change] of changes) {
    const golden = goldens.logits.find(golden => golden.model === model)!
    const worst = await worstOf(golden, change)
    assert.ok(worst > 100 * BAR, `${model}: ${JSON.stringify(change)} changes the logits by ${worst} only`)
  }
})
