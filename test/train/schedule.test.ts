import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ScheduleName, scheduleFactor } from '../../node/train/schedule.ts'

test('schedules rise over the warm-up and fall to zero', () => {
  const factors = (name: 'linear' | 'cosine' | 'constant') =>
    Array.from({ length: 6 }, (_, step) => Number(scheduleFactor(name, step, 6, 2).toFixed(6)))
  assert.deepEqual(factors('linear'), [0, 0.5, 1, 0.75, 0.5, 0.25])
  assert.deepEqual(factors('constant'), [0, 0.5, 1, 1, 1, 1])
  assert.deepEqual(factors('cosine'), [0, 0.5, 1, 0.853553, 0.5, 0.146447])
  assert.equal(scheduleFactor('linear', 0, 6, 0), 1)
})

test("schedules are transformers'", async () => {
  const path = join(import.meta.dirname, '../fixtures/golden/optimizers.json')
  const { schedules } = JSON.parse(await readFile(path, 'utf8')) as {
    readonly schedules: Readonly<Record<ScheduleName, readonly number[]>>
  }
  for (const name of ['linear', 'cosine', 'constant'] as const) {
    assert.equal(schedules[name].length, 23)
    for (const [step, factor] of schedules[name].entries())
      assert.ok(Math.abs(scheduleFactor(name, step, 23, 5) - factor) < 1e-12, `${name} ${step}`)
  }
})
