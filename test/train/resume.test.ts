/** A run that is cut short and goes on is the run that was never cut short, bit for bit; and nothing else may go on from it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Example } from '../../node/model/batch.ts'
import {
  decodeTrainerState,
  encodeTrainerState,
  type TrainedAdapter,
  type TrainOptions,
  type TrainStep,
  train,
} from '../../node/train/trainer.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase()
})
after(() => base.remove())

const EXAMPLES: Example[] = Array.from({ length: 7 }, (_, i) => ({
  id: `item ${i}`,
  prompt: [1, 5 + i, 9, 2 * i + 3].slice(0, 2 + (i % 3)),
  completion: [7 + i, 8, 2],
}))
const STEPS = 12

function options(changes: Partial<TrainOptions> = {}): TrainOptions {
  const { config, ...rest } = changes
  return {
    base,
    method: 'lora',
    methodConfig: { dropout: 0.3 },
    examples: EXAMPLES,
    device: 'cpu',
    now: () => 0,
    ...rest,
    config: { steps: STEPS, batchSize: 3, batchTokens: 12, learningRate: 0.01, seed: 5, ...config },
  }
}

/** Trains to the end; `states[k]` is what a checkpoint after k updates holds. */
async function run(changes: Partial<TrainOptions> = {}) {
  const steps: TrainStep[] = []
  const states: Uint8Array[] = []
  const training = train(options(changes))
  for (;;) {
    const next = await training.next()
    if (next.done === true) return { steps, states, adapter: next.value }
    steps.push(next.value)
    states[next.value.step] = encodeTrainerState(next.value.state())
  }
}

function same(resumed: TrainedAdapter, straight: TrainedAdapter): void {
  assert.deepEqual(resumed.files, straight.files)
  assert.deepEqual(resumed.curve, straight.curve)
  assert.deepEqual(
    [resumed.stopped, resumed.bestStep, resumed.validation],
    [straight.stopped, straight.bestStep, straight.validation],
  )
}

for (const optimizer of ['adamw', 'lion', 'adafactor'] as const) {
  test(`${optimizer}: from a checkpoint after any step, the same bits come out`, async () => {
    const straight = await run({ config: { optimizer } })
    assert.equal(straight.steps.length, STEPS)
    for (let step = 1; step <= STEPS; step++) {
      const resume = decodeTrainerState(straight.states[step]!)
      const resumed = await run({ config: { optimizer }, resume })
      same(resumed.adapter, straight.adapter)
      assert.deepEqual(resumed.states[STEPS], step === STEPS ? undefined : straight.states[STEPS])
      assert.equal(resumed.steps[0]?.step, step === STEPS ? undefined : step + 1)
    }
  })
}
