/**
 * Adapters of every method against what peft gave for the same files: logits, greedy continuations, and 20 losses from
 * peft's own start (`test/reference/` says how the numbers were made).
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { TokenGenerator } from '../../node/generate/generator.ts'
import { METHODS, readGoldens } from '../reference/goldens.ts'
import { openLogits, worstDifference, worstRelative } from '../reference/logits.ts'
import { readPeftAdapter, replay, withGoldenBase } from '../reference/replay.ts'

const LOGITS_BAR = 1e-5
const LOSS_BAR = 1e-6
const NORM_BAR = 1e-5

const goldens = await readGoldens(METHODS)
const folderOf = (adapter: string) => join(METHODS, 'adapters', adapter)

for (const golden of goldens.logits) {
  const name = golden.adapter!
  test(`${name}: logits and continuations are peft's`, async () => {
    await withGoldenBase(
      golden.model,
      async base => {
        const adapter = await readPeftAdapter(folderOf(name), base)
        await using session = await openLogits(base)
        const [ours, plain]: [number[], number[]] = [[], []]
        for (const [index, prompt] of golden.prompts.entries()) {
          ours.push(...(await session.run(prompt, { rows: golden.rows[index]!, adapter })))
          plain.push(...(await session.run(prompt, { rows: golden.rows[index]! })))
        }
        const worst = worstDifference(ours, golden.logits.flat())
        assert.ok(worst < LOGITS_BAR, `the worst logit is off by ${worst}`)
        assert.ok(worstDifference(ours, plain) > 1e4 * LOGITS_BAR, 'the adapter hardly moves a logit')

        await using generator = await TokenGenerator.open({ base, device: 'cpu', first: adapter })
        for (const [index, prompt] of golden.prompts.entries()) {
          const expected = golden.greedy[index]!
          const tokens: number[] = []
          for await (const token of generator.generate({ prompt, maxTokens: expected.length, adapter }))
            tokens.push(token)
          assert.deepEqual(tokens, expected)
        }
      },
      METHODS,
    )
  })
}

for (const golden of goldens.training) {
  const name = golden.adapter!
  test(`${name}: ${golden.losses.length} losses are peft's`, async () => {
    await withGoldenBase(
      golden.model,
      async base => {
        const adapter = await readPeftAdapter(folderOf(name), base)
        for (const batchTokens of [1024, 40]) {
          const { steps } = await replay(base, golden, { adapter, batchTokens })
          const losses = worstRelative(
            steps.map(step => step.loss),
            golden.losses,
          )
          assert.ok(losses < LOSS_BAR, `a loss is off by ${losses} of itself, ${batchTokens} tokens a pass`)
          const norms = worstRelative(
            steps.map(step => step.gradientNorm),
            golden.gradientNorms,
          )
          assert.ok(norms < NORM_BAR, `a gradient norm is off by ${norms} of itself`)
        }
      },
      METHODS,
    )
  })
}

test('the goldens learn: the same items cost less when they come again', () => {
  for (const { adapter, losses, batches } of goldens.training) {
    assert.equal(losses.length, batches.length)
    const again = batches.findIndex((items, step) => step > 0 && items.join() === batches[0]!.join())
    assert.ok(losses[again]! < 0.95 * losses[0]!, `${adapter}: ${losses[0]} and then ${losses[again]}`)
  }
})
