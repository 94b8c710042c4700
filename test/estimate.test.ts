/** What a run is said to take before it starts, on a node; and a run that is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOppuError } from '../protocol/errors.ts'
import { add, FAST, nodeOf, train } from './learning-node.ts'

test('an estimate trains and keeps nothing, and its memory is near what the run then takes', async t => {
  const node = await nodeOf(t)
  await add(node, 0, 40)
  const learning = await node.learning()
  const request = { device: 'cpu', config: FAST } as const
  const estimate = await learning.estimate(request)
  assert.deepEqual(await (await node.adapters()).list(), [])
  assert.equal(estimate.steps, FAST.steps)
  assert.ok(estimate.secondsPerStep > 0 && estimate.seconds >= estimate.steps * estimate.secondsPerStep)
  assert.ok(estimate.memoryBytes! > process.memoryUsage.rss() / 2)
  assert.ok(estimate.memoryBytes! < estimate.memoryLimitBytes!)
  const { steps, report } = await train(node)
  assert.equal(steps.length, estimate.steps)
  assert.equal(report.version, 1)
  const ratio = estimate.memoryBytes! / steps.at(-1)!.peakMemoryBytes
  assert.ok(ratio > 0.6 && ratio < 1.7, `${ratio}`)
})

test('what does not fit is refused by both, leaves nothing, and runs when it may take more', async t => {
  const node = await nodeOf(t)
  await add(node, 0, 40)
  const learning = await node.learning()
  const isRefused = (error: unknown) =>
    isOppuError(error, 'OUT_OF_MEMORY') && /smaller base|would take/.test(error.message)
  await assert.rejects(learning.estimate({ device: 'cpu', config: FAST, maxMemory: 1e6 }), isRefused)
  await assert.rejects(train(node, { maxMemory: 1e6 }), isRefused)
  assert.deepEqual(await (await node.adapters()).list(), [])
  const { report } = await train(node, { maxMemory: 1e12 })
  assert.equal(report.version, 1)
})
