import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Scorer } from '../../node/generate/scorer.ts'
import type { Example } from '../../node/model/batch.ts'
import { loadAdapter } from '../../node/peft/index.ts'
import { candidate, EarlyStopping } from '../../node/train/early-stopping.ts'
import { type TrainedAdapter, type TrainOptions, type TrainStep, train } from '../../node/train/trainer.ts'
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
/** Gets better for five updates and then worse. */
const VALIDATION: Example[] = [{ id: 'held', prompt: [1, 6, 9], completion: [30, 31, 2] }]
const CONFIG = { steps: 12, batchSize: 3, learningRate: 0.05, seed: 5, evaluateEvery: 1, patience: 3 }

async function run(options: Partial<TrainOptions> = {}) {
  const { config, ...rest } = options
  const steps: TrainStep[] = []
  const snapshots: TrainedAdapter[] = []
  const training = train({
    base,
    method: 'lora',
    examples: EXAMPLES,
    validation: VALIDATION,
    device: 'cpu',
    now: () => 0,
    ...rest,
    config: { ...CONFIG, ...config },
  })
  for (;;) {
    const next = await training.next()
    if (next.done === true) return { steps, snapshots, adapter: next.value }
    steps.push(next.value)
    snapshots[next.value.step] = next.value.snapshot()
  }
}

test('the best is kept, patience counts, the best takes back', () => {
  const parameters = new Map([['w', Float32Array.of(0)]])
  const stopping = new EarlyStopping(2, candidate(parameters, 3))
  const overs = [3, 2, 2, 1.5, Number.NaN, 1.5, 0].map((loss, index) => {
    parameters.get('w')![0] = index + 1
    stopping.measured(loss, index + 1, parameters)
    return stopping.isOver
  })
  assert.deepEqual(overs, [false, false, false, false, false, true, false])
  assert.deepEqual(stopping.state, {
    initialLoss: 3,
    bestLoss: 0,
    bestStep: 7,
    since: 0,
    best: new Map([['w', Float32Array.of(7)]]),
  })
  parameters.get('w')![0] = 9
  assert.equal(stopping.state.best.get('w')![0], 7)
  const patient = new EarlyStopping(0, candidate(parameters, 0))
  for (let step = 1; step < 1000; step++) patient.measured(1, step, parameters)
  assert.equal(patient.isOver, false)
})

test('a run ends after as many measurements without a better one, with the parameters of the best', async () => {
  const { steps, snapshots, adapter } = await run()
  const { stopped, bestStep, validation, curve, manifest } = adapter
  const losses = steps.map(({ validationLoss }) => validationLoss!)
  assert.deepEqual([stopped, bestStep, steps.length], ['early', 5, 8])
  assert.equal(Math.min(...losses), losses[4])
  assert.ok(losses.slice(5).every(loss => loss > losses[4]!))
  assert.deepEqual(adapter.files, snapshots[5]!.files)
  assert.notDeepEqual(adapter.files, snapshots[8]!.files)
  assert.equal(validation?.loss, losses[4])
  assert.deepEqual(
    curve.map(point => point.validationLoss),
    losses,
  )
  assert.deepEqual(
    steps.map(step => step.bestStep),
    [0, 0, 3, 4, 5, 5, 5, 5],
  )
  assert.deepEqual([steps.at(-1)!.secondsLeft, steps.at(-1)!.steps], [0, 12])
  assert.equal((manifest.config.training as { patience: number }).patience, 3)
})

test('what is measured is what the scorer finds, dropout off', async () => {
  for (const dropout of [0, 0.4]) {
    const { steps, snapshots, adapter } = await run({ methodConfig: { dropout }, config: { steps: 4 } })
    await using scorer = await Scorer.open({ base, device: 'cpu' })
    const measured = async (some: TrainedAdapter | undefined) => {
      const loaded = some && loadAdapter(some.files, base, { manifest: some.manifest })
      const [score] = await scorer.score(VALIDATION, loaded)
      return -score!.logLikelihood / score!.tokens
    }
    for (const { step, validationLoss } of steps)
      assert.ok(Math.abs(validationLoss! - (await measured(snapshots[step]))) < 1e-5, `${dropout} ${step}`)
    assert.ok(Math.abs(adapter.validation!.initialLoss - (await measured(undefined))) < 1e-5)
  }
})

test('validation items change nothing of what is learned', async () => {
  const config = { patience: 0 }
  const measured = await run({ config })
  const plain = await run({ config, validation: [] })
  assert.deepEqual(
    measured.steps.map(({ loss, gradientNorm }) => [loss, gradientNorm]),
    plain.steps.map(({ loss, gradientNorm }) => [loss, gradientNorm]),
  )
  assert.deepEqual(measured.snapshots[12]!.files, plain.adapter.files)
  assert.deepEqual(
    [plain.adapter.stopped, plain.adapter.bestStep, plain.adapter.validation, plain.steps[0]!.bestStep],
    ['completed', 12, undefined, undefined],
  )
  assert.deepEqual([measured.adapter.stopped, measured.adapter.bestStep], ['completed', 5])
})

test('by default it is measured once a pass and at the end', async () => {
  const { steps } = await run({ config: { evaluateEvery: 0, steps: 8, patience: 0 } }) // 7 items by 3: 3 updates a pass
  const when = steps.filter(({ validationLoss }) => validationLoss !== undefined).map(({ step }) => step)
  assert.deepEqual(when, [3, 6, 8])
})

test('where every update makes it worse, the values before the first come back', async () => {
  const worse = EXAMPLES.map(({ id, prompt }) => ({ id, prompt, completion: [50, 51, 52] }))
  const { files } = (await run({ config: { steps: 1, learningRate: 0 } })).snapshots[1]!
  const { adapter, steps } = await run({
    examples: worse,
    config: { schedule: 'constant', warmup: 0, learningRate: 5, maxGradientNorm: 0, patience: 2 },
  })
  assert.deepEqual([adapter.bestStep, adapter.stopped, steps.length], [0, 'early', 2])
  assert.equal(adapter.validation?.loss, adapter.validation?.initialLoss)
  assert.deepEqual(adapter.files, files)
})

test('validation items that do not fit are left out; where none does, nothing is measured', async () => {
  const long = { id: 'long', prompt: [1], completion: Array.from({ length: 30 }, () => 4) }
  const some = await run({ validation: [long, ...VALIDATION], config: { maxLength: 16, steps: 1 } })
  const alone = await run({ config: { maxLength: 16, steps: 1 } })
  assert.equal(some.adapter.validation?.loss, alone.adapter.validation?.loss)
  const none = await run({ validation: [long], config: { maxLength: 16, steps: 1 } })
  assert.equal(none.adapter.validation, undefined)
})
