import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scheduleFactor } from '../../node/train/schedule.ts'

test('schedules rise over the warm-up and fall to zero', () => {
  const factors = (name: 'linear' | 'cosine' | 'constant') =>
    Array.from({ length: 6 }, (_, step) => Number(scheduleFactor(name, step, 6, 2).toFixed(6)))
  assert.deepEqual(factors('linear'), [0, 0.5, 1, 0.75, 0.5, 0.25])
  assert.deepEqual(factors('constant'), [0, 0.5, 1, 1, 1, 1])
  assert.deepEqual(factors('cosine'), [0, 0.5, 1, 0.853553, 0.5, 0.146447])
  assert.equal(scheduleFactor('linear', 0, 6, 0), 1)
})
