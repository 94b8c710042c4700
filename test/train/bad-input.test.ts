/** What a user's history may hold that no example in a paper does, and numbers that stop being numbers. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Example } from '../../node/model/batch.ts'
import { initialWeights } from '../../node/model/weights.ts'
import { tokenizerFromFiles } from '../../node/text/tokenizer.ts'
import {
  decodeTrainerState,
  encodeTrainerState,
  type TrainedAdapter,
  type TrainOptions,
  type TrainStep,
  train,
} from '../../node/train/trainer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase()
})
after(() => base.remove())

const EXAMPLES: Example[] = Array.from({ length: 20 }, (_, i) => ({
  id: `item ${i}`,
  prompt: [1, 5 + i, 9],
  completion: [7 + i, 8, 2],
}))

async function run(
  options: Partial<TrainOptions> & { readonly onStep?: (step: TrainStep) => void },
): Promise<{ steps: TrainStep[]; adapter: TrainedAdapter }> {
  const { onStep, ...rest } = options
  const steps: TrainStep[] = []
  const training = train({ base, method: 'lora', examples: EXAMPLES, device: 'cpu', ...rest })
  for (;;) {
    const next = await training.next()
    if (next.done === true) return { steps, adapter: next.value }
    steps.push(next.value)
    onStep?.(next.value)
  }
}

test('a single item is trained on, again and again', async () => {
  const { steps, adapter } = await run({
    examples: EXAMPLES.slice(0, 1),
    config: { epochs: 5, learningRate: 0.05 },
  })
  assert.deepEqual([steps.length, steps[0]!.items, adapter.manifest.trainedItems], [5, 1, 1])
  assert.ok(steps.at(-1)!.loss < steps[0]!.loss)
  assert.equal(steps.at(-1)!.epoch, 5)
})

test('a single item is also the item that tells when to stop', async () => {
  const validation = EXAMPLES.slice(1, 2)
  const { adapter } = await run({ examples: EXAMPLES.slice(0, 1), validation, config: { epochs: 3 } })
  assert.equal(adapter.curve.filter(point => point.validationLoss !== undefined).length, 3)
})

test('of a hundred thousand items only those of the step are packed', async () => {
  const examples = Array.from(
    { length: 100_000 },
    (_, i): Example => ({ id: `${i}`, prompt: [1, i % 50, (7 * i) % 50], completion: [i % 40, 2] }),
  )
  const training = train({ base, method: 'lora', examples, device: 'cpu', config: { batchSize: 4 } })
  const started = process.cpuUsage()
  const first = (await training.next()).value as TrainStep
  const { user, system } = process.cpuUsage(started)
  assert.deepEqual([first.steps, first.items, first.tokens], [50_000, 100_000, 16])
  assert.ok(
    user + system < 2e6,
    `${(user + system) / 1000} ms to the first step, the session's opening included`,
  )
  await training.return({} as TrainedAdapter)
})

test('of an item longer than the context the middle of the prompt goes, the completion never', async () => {
  const { maxPositions } = base.config
  const long = { id: 'long', prompt: Array.from({ length: 5000 }, (_, i) => i % 50), completion: [7, 8, 2] }
  const fitted = {
    id: 'fitted',
    prompt: [...long.prompt.slice(0, 31), ...long.prompt.slice(-(maxPositions - 3 - 31))],
    completion: [7, 8, 2],
  }
  const config = { steps: 3, learningRate: 0.05 }
  const cut = await run({ examples: [long], config })
  const whole = await run({ examples: [fitted], config })
  assert.equal(fitted.prompt.length + 3, maxPositions)
  assert.equal(cut.steps[0]!.tokens, maxPositions - 1)
  assert.deepEqual(cut.adapter.files, whole.adapter.files)
})

test('a completion longer than the context leaves its item out, and the rest is trained on', async () => {
  const { maxPositions } = base.config
  const completion = Array.from({ length: maxPositions + 1 }, () => 4)
  const { steps } = await run({
    examples: [{ id: 'long', prompt: [1], completion }, ...EXAMPLES],
    config: { steps: 1 },
  })
  assert.deepEqual([steps[0]!.items, steps[0]!.skipped], [20, 1])
  const just = { id: 'just', prompt: [], completion: completion.slice(1) }
  assert.equal((await run({ examples: [just], config: { steps: 1 } })).steps[0]!.tokens, maxPositions - 1)
})

test('empty completions and empty items are left out; with nothing else there is nothing to train on', async () => {
  const empty: Example[] = [
    { id: 'no answer', prompt: [1, 2, 3], completion: [] },
    { id: 'nothing', prompt: [], completion: [] },
    { id: 'one token', prompt: [], completion: [2] }, // a first token has nothing before it
  ]
  const { steps } = await run({ examples: [...empty, ...EXAMPLES], config: { steps: 2 } })
  assert.deepEqual([steps[0]!.items, steps[0]!.skipped], [20, 3])
  for (const examples of [[], empty])
    await assert.rejects(run({ examples }), error => isOppuError(error, 'NO_USABLE_ITEMS'))
})

test('scripts that the tokenizer splits into many pieces are trained on like any other', async t => {
  const folder = join(import.meta.dirname, '../../node/base/embedded')
  const json = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, name), 'utf8'))
  const tokenizer = tokenizerFromFiles(await json('tokenizer.json'), await json('tokenizer_config.json'))
  const wide = await tinyBase({ vocab_size: tokenizer.vocabSize, max_position_embeddings: 256 })
  t.after(() => wide.remove())
  const texts = ['བོད་སྐད་ཀྱི་ཡི་གེ', '👩🏽‍🚀🧑‍🧑‍🧒‍🧒🏴󠁧󠁢󠁷󠁬󠁳󠁿', '𒀀𒁀𒂀𒃀𒄀', 'ꦲꦏ꧀ꦱꦫꦗꦮ', '\u0000\uFFFD\uD800']
  const examples = texts.map((text, i) => ({
    id: `${i}`,
    prompt: tokenizer.encode(text),
    completion: [...tokenizer.encode(text), tokenizer.eosIds[0]!],
  }))
  const pieces = examples.map(({ completion }) => completion.length)
  assert.ok(
    Math.max(...pieces) > 40 && pieces.every(length => 2 * length <= wide.config.maxPositions),
    `${pieces}`,
  )
  const { steps } = await run({
    base: wide,
    examples,
    config: { epochs: 10, learningRate: 0.02, maxGradientNorm: 1, batchTokens: 32 },
  })
  assert.deepEqual([steps[0]!.items, steps[0]!.skipped], [texts.length, 0])
  assert.ok(steps.at(-1)!.loss < steps[0]!.loss && steps.every(({ loss }) => Number.isFinite(loss)))
})

test('values that are no numbers stop the run at its first step, naming the step and its items', async () => {
  for (const [value, optimizer] of [
    [Number.NaN, 'adamw'],
    [Number.POSITIVE_INFINITY, 'lion'],
    [1e38, 'adafactor'],
  ] as const) {
    const initial = new Map(initialWeights(base.config, 1))
    initial.set('model.norm.weight', new Float32Array(base.config.hiddenSize).fill(value))
    await assert.rejects(
      run({ method: 'full', initial, config: { steps: 50, batchSize: 3, order: 'given', optimizer } }),
      error =>
        isOppuError(error, 'DIVERGED') &&
        error.message.startsWith('step 1 of 50: the loss is ') &&
        error.message.endsWith('; items item 0, item 1, item 2'),
    )
  }
})

test('of many items in a step a message names some and counts the rest', async () => {
  const initial = new Map(initialWeights(base.config, 1))
  initial.set('model.norm.weight', new Float32Array(base.config.hiddenSize).fill(Number.NaN))
  await assert.rejects(
    run({ method: 'full', initial, config: { batchSize: 20, order: 'given' } }),
    error => isOppuError(error, 'DIVERGED') && error.message.endsWith(', item 14, item 15 and 4 more'),
  )
})

test('validation items whose loss is no number stop it too', async () => {
  const initial = new Map(initialWeights(base.config, 1))
  initial.set('model.norm.weight', new Float32Array(base.config.hiddenSize).fill(Number.NaN))
  await assert.rejects(
    run({ method: 'full', initial, validation: EXAMPLES.slice(3, 5) }),
    error =>
      isOppuError(error, 'DIVERGED') &&
      /^step 0 .*validation items is NaN; items item 3, item 4$/.test(error.message),
  )
})

test('a run that learns too fast ends with DIVERGED; every state before it is finite and can be gone on from', async () => {
  for (const optimizer of ['adamw', 'lion', 'adafactor'] as const) {
    const config = {
      steps: 200,
      optimizer,
      learningRate: 10,
      schedule: 'constant',
      warmup: 0,
      maxGradientNorm: 0,
      weightDecay: 10,
    } as const
    let last: TrainStep | undefined
    let state: Uint8Array | undefined
    const onStep = (step: TrainStep) => {
      const { parameters, optimizer } = step.state()
      for (const values of [...parameters.values(), ...optimizer.tensors.values()])
        assert.ok(values.every(Number.isFinite))
      state = encodeTrainerState(step.state())
      last = step
    }
    const failed = run({ method: 'full', config, onStep })
    await assert.rejects(
      failed,
      error =>
        isOppuError(error, 'DIVERGED') &&
        new RegExp(`^step ${last!.step + 1} of 200: .*; items `).test(error.message),
    )
    // Either the update never happened, and the state is as it was, or it spoilt the parameters, and they are not given out.
    try {
      assert.deepEqual(encodeTrainerState(last!.state()), state)
    } catch (error) {
      assert.ok(error instanceof TypeError)
    }
    // The same step diverges again: nothing was lost, nothing was made better than it is.
    await assert.rejects(
      run({ method: 'full', config, resume: decodeTrainerState(state!) }),
      error => isOppuError(error, 'DIVERGED') && error.message.startsWith(`step ${last!.step + 1} of 200`),
    )
  }
})

test('an update that spoils a parameter which no loss shows ends the run, and is not given out', async t => {
  const untied = await tinyBase({ tie_word_embeddings: false })
  t.after(() => untied.remove())
  const initial = initialWeights(untied.config, 1)
  initial.get('model.embed_tokens.weight')!.fill(3e38, -untied.config.hiddenSize) // of a token that no item has
  const config = { steps: 20, learningRate: 10, weightDecay: 10, warmup: 0.05 } // the first step's rate is 0
  let last: TrainStep | undefined
  const onStep = (step: TrainStep) => {
    last = step
  }
  await assert.rejects(
    run({ base: untied, method: 'full', initial, config, onStep }),
    error =>
      isOppuError(error, 'DIVERGED') &&
      /^step 2 of 20: a parameter is no longer finite; /.test(error.message),
  )
  assert.equal(last?.step, 1)
  assert.throws(() => last?.state(), TypeError)
  assert.throws(() => last?.snapshot(), TypeError)
})
