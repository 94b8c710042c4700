import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Example } from '../../node/model/batch.ts'
import { NO_FRONT } from '../../node/peft/front.ts'
import { parseTrainConfig, type TrainConfig } from '../../node/train/config.ts'
import { Plan, usableItems } from '../../node/train/plan.ts'
import { identifyRun, runId } from '../../node/train/run-identity.ts'
import type { BaseId } from '../../protocol/ids.ts'

const planOf = (items: number, config: Partial<TrainConfig> = {}) => new Plan(items, parseTrainConfig(config))

function itemsOfAll(plan: Plan): number[] {
  return Array.from({ length: plan.steps }, (_, step) => plan.itemsOf(step)).flat()
}

test('each pass sees every item once, each in an order of its own, and no update is short', () => {
  const plan = planOf(10, { epochs: 3, batchSize: 4, seed: 7 })
  assert.deepEqual([plan.steps, plan.itemsPerStep], [8, 4])
  const all = itemsOfAll(plan)
  const passes = [0, 10, 20].map(from => all.slice(from, from + 10))
  for (const pass of passes) assert.deepEqual(new Set(pass), new Set(Array.from({ length: 10 }, (_, i) => i)))
  assert.notDeepEqual(passes[0], passes[1])
  assert.equal(all.length, 32)
  assert.deepEqual(itemsOfAll(planOf(10, { epochs: 3, batchSize: 2, gradientAccumulation: 2, seed: 7 })), all)
  assert.notDeepEqual(itemsOfAll(planOf(10, { epochs: 3, batchSize: 4, seed: 8 })), all)
})

test('the items of an update do not depend on which were asked for before', () => {
  const plan = planOf(10, { epochs: 5, batchSize: 4 })
  const forwards = Array.from({ length: plan.steps }, (_, step) => plan.itemsOf(step))
  for (const step of [11, 0, 7, 7, 3, 12]) {
    assert.deepEqual(plan.itemsOf(step), forwards[step])
    assert.deepEqual(planOf(10, { epochs: 5, batchSize: 4 }).itemsOf(step), forwards[step])
  }
})

test('the order may be the given one; fewer items than a batch make a batch of all', () => {
  assert.deepEqual(itemsOfAll(planOf(3, { order: 'given', batchSize: 2, steps: 3 })), [0, 1, 2, 0, 1, 2])
  const single = planOf(1, { batchSize: 16, epochs: 2 })
  assert.deepEqual([single.itemsPerStep, single.steps, itemsOfAll(single)], [1, 2, [0, 0]])
  assert.equal(planOf(100, { epochs: 0.001, batchSize: 16 }).steps, 1)
})

test('measurements: at the start, every so often, at the end; those that are left are counted', () => {
  for (const [items, config] of [
    [10, { epochs: 3, batchSize: 4 }],
    [10, { steps: 9, batchSize: 10 }],
    [10, { steps: 9, evaluateEvery: 4 }],
    [10, { steps: 3, evaluateEvery: 4 }],
  ] as const) {
    const plan = planOf(items, config)
    const when = Array.from({ length: plan.steps + 1 }, (_, step) => step).filter(step =>
      plan.isEvaluated(step),
    )
    assert.ok(when[0] === 0 && when.at(-1) === plan.steps)
    for (let step = 0; step <= plan.steps; step++)
      assert.equal(plan.evaluationsAfter(step), when.filter(other => other > step).length, `after ${step}`)
  }
  assert.equal(planOf(10, { epochs: 3, batchSize: 4 }).evaluateEvery, 3)
})

test('a hundred thousand items are planned in under a second of work, and hardly any memory', () => {
  const examples = Array.from(
    { length: 100_000 },
    (_, i): Example => ({ id: `${i}`, prompt: [1, i % 50, (7 * i) % 50], completion: [i % 40, 2] }),
  )
  const config = parseTrainConfig({ batchSize: 16, epochs: 2 })
  const started = process.cpuUsage()
  const before = process.memoryUsage()
  const items = usableItems(examples, 128, NO_FRONT)
  const plan = new Plan(items.length, config)
  const seen = new Set(plan.itemsOf(0))
  for (let step = 1; step < 6250; step++) for (const item of plan.itemsOf(step)) seen.add(item)
  plan.itemsOf(12_499)
  const identity = {
    base: 'a'.repeat(64) as BaseId,
    method: 'lora',
    methodConfig: {},
    config,
    items,
    validation: [],
  }
  runId(identifyRun(identity))
  const { user, system } = process.cpuUsage(started)
  assert.deepEqual([plan.steps, seen.size], [12_500, 100_000])
  assert.ok(user + system < 1e6, `${(user + system) / 1000} ms`)
  assert.ok(items.every((item, i) => item === examples[i])) // nothing is copied
  const grown = process.memoryUsage().rss - before.rss
  assert.ok(grown < 100e6, `${grown} bytes`)
})
