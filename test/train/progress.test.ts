import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTrainConfig, type TrainConfig } from '../../node/train/config.ts'
import { Plan } from '../../node/train/plan.ts'
import { memory, Progress } from '../../node/train/progress.ts'

/** A clock that moves when told, and progress of 100 updates of one of 10 items each. */
function progressOf(config: Partial<TrainConfig> = {}) {
  let time = 5e12
  const parsed = parseTrainConfig({ steps: 100, batchSize: 10, evaluateEvery: 10, ...config })
  const progress = new Progress(new Plan(10, parsed), parsed.checkpointEvery, () => time)
  return {
    progress,
    wait: (seconds: number) => {
      time += 1000 * seconds
    },
  }
}

test('the first step warms up and is left out as soon as there is another', () => {
  const { progress, wait } = progressOf()
  wait(50)
  progress.stepDone(1000)
  assert.equal(progress.tokensPerSecond, 20)
  assert.equal(progress.secondsLeft(1, false), 99 * 50)
  wait(2)
  progress.stepDone(1000)
  assert.equal(progress.tokensPerSecond, 500)
  assert.equal(progress.secondsLeft(2, false), 98 * 2)
})

test('measurements on validation items are counted apart, and those to come are in the time left', async () => {
  const { progress, wait } = progressOf()
  const evaluate = () => progress.evaluation(async () => wait(7))
  await evaluate() // before the first update
  wait(50)
  progress.stepDone(1000)
  for (let step = 2; step <= 20; step++) {
    wait(1)
    if (step % 10 === 0) await evaluate()
    progress.stepDone(100)
    wait(1) // the caller's own work
  }
  assert.ok(Math.abs(progress.tokensPerSecond - 1900 / 37) < 1e-9) // 19 steps of 1 s and 18 pauses of 1 s
  assert.ok(Math.abs(progress.secondsLeft(20, true) - (80 * (37 / 19) + 8 * 7)) < 1e-9)
  assert.ok(Math.abs(progress.secondsLeft(20, false) - 80 * (37 / 19)) < 1e-9)
})

test('the time left follows the recent steps', () => {
  const { progress, wait } = progressOf()
  for (let step = 1; step <= 40; step++) {
    wait(step <= 20 ? 1 : 3)
    progress.stepDone(1)
  }
  assert.equal(progress.secondsLeft(40, false), 60 * 3)
  assert.equal(progress.secondsLeft(100, true), 0)
})

test('a clock that stands still gives no rates that are not finite', () => {
  const { progress } = progressOf()
  progress.stepDone(1000)
  progress.stepDone(1000)
  assert.deepEqual([progress.tokensPerSecond, progress.secondsLeft(2, true)], [0, 0])
})

test('checkpoints are due by updates, or by time since the last', () => {
  const dueAt = (config: Partial<TrainConfig>, seconds: number) => {
    const { progress, wait } = progressOf(config)
    return Array.from({ length: 100 }, (_, index) => index + 1).filter(step => {
      wait(seconds)
      return progress.checkpointDue(step)
    })
  }
  assert.deepEqual(dueAt({ checkpointEvery: 25 }, 1), [25, 50, 75])
  assert.deepEqual(dueAt({}, 10).slice(0, 3), [3, 6, 9])
  assert.deepEqual(
    dueAt({}, 100),
    Array.from({ length: 99 }, (_, i) => i + 1),
  )
})

test('memory is what the system says of this process', () => {
  const { memoryBytes, peakMemoryBytes } = memory()
  const rss = process.memoryUsage().rss
  assert.ok(Math.abs(memoryBytes - rss) < 0.2 * rss)
  assert.ok(peakMemoryBytes >= 0.9 * memoryBytes)
})
