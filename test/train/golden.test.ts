/**
 * Losses, gradient norms and learning rates step by step against what peft, transformers and torch gave for the same
 * start, batches and settings (`test/reference/` says how the numbers were made).
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { GOLDEN, readGoldens, type TrainingGolden } from '../reference/goldens.ts'
import { worstDifference, worstRelative } from '../reference/logits.ts'
import { readPeftAdapter, replay, withGoldenBase } from '../reference/replay.ts'

/** Measured: below 1e-6 for losses, 1e-5 for norms. */
const BAR = 1e-4

const goldens = await readGoldens()

function golden(adapter: string | undefined): TrainingGolden {
  return goldens.training.find(golden => golden.adapter === adapter)!
}

async function check(question: TrainingGolden, batchTokens?: number): Promise<void> {
  await withGoldenBase(question.model, async base => {
    const { steps } = await replay(base, question, {
      ...(batchTokens === undefined ? {} : { batchTokens }),
      ...(question.adapter === undefined
        ? {}
        : { adapter: await readPeftAdapter(join(GOLDEN, 'adapters', question.adapter), base) }),
    })
    const rates = worstDifference(
      steps.map(step => step.learningRate),
      question.learningRates,
    )
    assert.ok(rates < 1e-8, `a learning rate is off by ${rates}`)
    const losses = worstRelative(
      steps.map(step => step.loss),
      question.losses,
    )
    assert.ok(losses < BAR, `a loss is off by ${losses} of itself`)
    const norms = worstRelative(
      steps.map(step => step.gradientNorm),
      question.gradientNorms,
    )
    assert.ok(norms < BAR, `a gradient norm is off by ${norms} of itself`)
  })
}

test('50 steps of LoRA lose what they lose in PEFT', async () => await check(golden('initial')))

test('and so they do when a step takes several small passes', async () => await check(golden('initial'), 24))

test('20 steps of training every weight lose what they lose in PyTorch', async () =>
  await check(golden(undefined)))

test('the goldens learn, clip and warm up', () => {
  for (const { losses, gradientNorms, learningRates, settings, batches } of goldens.training) {
    assert.equal(losses.length, batches.length)
    assert.ok(losses.at(-1)! < 0.7 * losses[0]!)
    assert.ok(gradientNorms.every(norm => norm > settings.maxGradientNorm))
    assert.equal(learningRates[0], 0)
  }
})
