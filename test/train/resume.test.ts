/** A run that is cut short and goes on is the run that was never cut short, bit for bit; and nothing else may go on from it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Example } from '../../node/model/batch.ts'
import type { TrainConfig } from '../../node/train/config.ts'
import {
  decodeTrainerState,
  encodeTrainerState,
  runIdOf,
  type TrainedAdapter,
  type TrainerState,
  type TrainOptions,
  type TrainStep,
  train,
} from '../../node/train/trainer.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
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
/** Gets better for four updates and then worse. */
const VALIDATION: Example[] = [{ id: 'held', prompt: [1, 6, 9], completion: [30, 31, 2] }]
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

for (const [method, methodConfig] of [
  ['dora', { dropout: 0.3 }],
  ['ia3', {}],
  ['prompt-tuning', { virtualTokens: 3 }],
  ['prefix-tuning', { virtualTokens: 3, init: 'random' }],
  ['full', {}],
] as const) {
  test(`${method} goes on with the same bits too`, async () => {
    const changes = { method, methodConfig, validation: VALIDATION, config: { steps: 5 } }
    const straight = await run(changes)
    for (const step of [1, 3])
      same(
        (await run({ ...changes, resume: decodeTrainerState(straight.states[step]!) })).adapter,
        straight.adapter,
      )
  })
}

test('what auto came to is kept: a later sitting computes in the same precision', async t => {
  const wide = await tinyBase({ hidden_size: 64, head_dim: 16, intermediate_size: 128 })
  t.after(() => wide.remove())
  const straight = await run({ base: wide, config: { precision: 'int8', steps: 4 } })
  const plain = await run({ base: wide, config: { precision: 'float32', steps: 4 } })
  assert.notDeepEqual(straight.adapter.files, plain.adapter.files)
  const state = decodeTrainerState(straight.states[2]!)
  const resume = { ...state, run: { ...state.run, config: { ...state.run.config, precision: 'auto' } } }
  const resumed = await run({ base: wide, config: { precision: 'auto', steps: 4 }, resume })
  assert.equal(resumed.steps[0]!.precision, 'int8')
  same(resumed.adapter, straight.adapter)
  assert.equal((resumed.adapter.manifest.config.training as { precision: string }).precision, 'int8')
})

test('with validation items the best values, the patience spent and the first measurement go along', async () => {
  const changes = { validation: VALIDATION, config: { evaluateEvery: 2, patience: 2, learningRate: 0.05 } }
  const straight = await run(changes)
  const { adapter, steps } = straight
  const end = steps.length
  assert.deepEqual([adapter.stopped, adapter.bestStep, end], ['early', 4, 8])
  for (let step = 1; step <= end; step++) {
    const resumed = await run({ ...changes, resume: decodeTrainerState(straight.states[step]!) })
    same(resumed.adapter, straight.adapter)
    assert.equal(resumed.steps.length, end - step)
  }
})

test('a run may be cut short at every step, and its items may be given in their own order', async () => {
  const config = { order: 'given', optimizer: 'lion', schedule: 'cosine' } as const
  const straight = await run({ config })
  let resume: TrainerState | undefined
  for (let step = 1; step <= STEPS; step++) {
    const training = train(options({ config, ...(resume === undefined ? {} : { resume }) }))
    const next = await training.next()
    assert.equal(next.done, false)
    assert.deepEqual(
      [(next.value as TrainStep).step, (next.value as TrainStep).tokens],
      [step, straight.steps[step - 1]!.tokens],
    )
    resume = decodeTrainerState(encodeTrainerState((next.value as TrainStep).state()))
    await training.return(straight.adapter)
  }
  same((await run({ config, resume: resume! })).adapter, straight.adapter)
})

test('a state is a copy: neither the run nor one that goes on from it changes it, and a late one is refused', async () => {
  const changes = { validation: VALIDATION, config: { evaluateEvery: 1, warmup: 0 } }
  const training = train(options(changes))
  const first = (await training.next()).value as TrainStep
  const state = first.state()
  const bytes = encodeTrainerState(state)
  const second = (await training.next()).value as TrainStep
  assert.notDeepEqual(encodeTrainerState(second.state()), bytes)
  assert.equal(second.bestStep, 2)
  assert.deepEqual(encodeTrainerState(state), bytes)
  assert.throws(() => first.state(), TypeError)
  assert.throws(() => first.snapshot(), TypeError)
  assert.equal(second.state().step, 2)
  await run({ ...changes, resume: state })
  assert.deepEqual(encodeTrainerState(state), bytes)
  const initial = state.parameters
  await run({ initial })
  assert.deepEqual(encodeTrainerState(state), bytes)
})

test('when the next step is aborted or fails, the last one can still be written down', async () => {
  const straight = await run()
  const reason = new Error('the user left')
  const controller = new AbortController()
  const training = train(options({ signal: controller.signal }))
  await training.next()
  const last = (await training.next()).value as TrainStep
  const next = training.next()
  controller.abort(reason)
  await assert.rejects(next, error => error === reason)
  same(
    (await run({ resume: decodeTrainerState(encodeTrainerState(last.state())) })).adapter,
    straight.adapter,
  )
})

test('any other run is refused, naming what differs', async () => {
  const { states } = await run({ config: { steps: 2 } })
  const resume = decodeTrainerState(states[1]!)
  const other = await tinyBase({}, 2)
  const refused = async (changes: Partial<TrainOptions>, code: ErrorCode, said: string) => {
    const config = { steps: 2, ...changes.config }
    await assert.rejects(
      run({ ...changes, config, resume }),
      error => isOppuError(error, code) && error.message.includes(said),
    )
    assert.notEqual(runIdOf(options({ ...changes, config })), runIdOf(options({ config: { steps: 2 } })))
  }
  await refused({ base: other }, 'BASE_MISMATCH', other.id)
  await other.remove()
  await refused({ method: 'full', methodConfig: {} }, 'INVALID_ARGUMENT', 'method lora, not full')
  await refused({ methodConfig: { rank: 4 } }, 'INVALID_ARGUMENT', 'rank 8, not 4')
  await refused({ config: { learningRate: 0.02 } }, 'INVALID_ARGUMENT', 'learningRate 0.01, not 0.02')
  await refused({ config: { steps: 3 } }, 'INVALID_ARGUMENT', 'steps 2, not 3')
  await refused({ config: { optimizer: 'lion' } }, 'INVALID_ARGUMENT', 'optimizer "adamw", not "lion"')
  await refused({ config: { seed: 6 } }, 'INVALID_ARGUMENT', 'seed 5, not 6')
  await refused({ examples: EXAMPLES.slice(1) }, 'INVALID_ARGUMENT', 'other items')
  await refused({ examples: [...EXAMPLES].reverse() }, 'INVALID_ARGUMENT', 'other items')
  await refused({ validation: VALIDATION }, 'INVALID_ARGUMENT', 'other validation items')
  const moved = EXAMPLES.map(({ id, prompt, completion }) => ({
    id,
    prompt: [...prompt, completion[0]!],
    completion: completion.slice(1),
  }))
  await refused({ examples: moved }, 'INVALID_ARGUMENT', 'other items')
})

test('how often checkpoints are made does not make another run', async () => {
  const { states, adapter } = await run({ config: { checkpointEvery: 1 } })
  const resume = decodeTrainerState(states[3]!)
  assert.deepEqual((await run({ config: { checkpointEvery: 5 }, resume })).adapter.curve, adapter.curve)
})

test('a state whose parts do not fit its own run is refused', async () => {
  const { states } = await run({ config: { steps: 2 }, validation: VALIDATION })
  const state = decodeTrainerState(states[1]!)
  const broken: TrainerState[] = [
    { ...state, parameters: new Map([...state.parameters].slice(1)) },
    { ...state, parameters: new Map([...state.parameters].map(([name]) => [name, new Float32Array(1)])) },
    { ...state, optimizer: { step: 1, tensors: new Map() } },
    { ...state, optimizer: { ...state.optimizer, step: 2 } },
    { ...state, curve: [] },
    { ...state, validation: { ...state.validation!, best: new Map() } },
  ]
  const { validation: _, ...unvalidated } = state
  for (const resume of [...broken, unvalidated]) {
    await assert.rejects(run({ config: { steps: 2 }, validation: VALIDATION, resume }), {
      code: 'INVALID_DATA',
    })
  }
})

test('checkpoints are due every so many updates or every half minute, but not at the end', async () => {
  const due = async (config: Partial<TrainConfig>, now: () => number) =>
    (await run({ config, now })).steps.filter(step => step.checkpointDue).map(({ step }) => step)
  assert.deepEqual(await due({ checkpointEvery: 4 }, () => 0), [4, 8])
  assert.deepEqual(await due({}, () => 0), [])
  let time = 0
  const every = await due({}, () => (time += 5000))
  assert.ok(every.length > 0 && every.length < STEPS / 2, `${every}`)
})
