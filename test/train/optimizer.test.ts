import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clipScale, globalNorm, initAdamW, scheduleFactor, updateAdamW } from '../../node/train/optimizer.ts'

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 }

test('AdamW: the first two updates as by hand, decay apart from the gradient', () => {
  let parameters: ReadonlyMap<string, Float32Array> = new Map([['w', Float32Array.of(1, -2)]])
  let state = initAdamW(parameters)
  const before = parameters
  const steps = [Float32Array.of(0.5, -0.25), Float32Array.of(-1, 0)]
  const expected = [1, -2]
  const m = [0, 0]
  const v = [0, 0]
  for (const [index, gradient] of steps.entries()) {
    ;({ parameters, state } = updateAdamW(settings, state, parameters, new Map([['w', gradient]]), {
      learningRate: 0.01,
    }))
    for (const i of [0, 1]) {
      m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!
      v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2
      const t = index + 1
      expected[i] =
        expected[i]! * (1 - 0.01 * 0.1) -
        (0.01 * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8)
      assert.ok(Math.abs(parameters.get('w')![i]! - expected[i]!) < 1e-6)
    }
  }
  assert.equal(state.step, 2)
  assert.deepEqual(before.get('w'), Float32Array.of(1, -2)) // what went in is untouched
})

test('decay spares what it is told to, and clipping scales the gradient', () => {
  const parameters = new Map([['norm', Float32Array.of(3)]])
  const gradients = new Map([['norm', Float32Array.of(0)]])
  const { parameters: kept } = updateAdamW(settings, initAdamW(parameters), parameters, gradients, {
    learningRate: 0.1,
    isDecayed: () => false,
  })
  assert.equal(kept.get('norm')![0], 3)
  const { state } = updateAdamW(
    settings,
    initAdamW(parameters),
    parameters,
    new Map([['norm', Float32Array.of(10)]]),
    { learningRate: 0.1, scale: 0.5 },
  )
  assert.ok(Math.abs(state.first.get('norm')![0]! - 0.5) < 1e-6)
})

test('the norm is over all tensors; clipping only shrinks', () => {
  assert.equal(
    globalNorm(
      new Map([
        ['a', Float32Array.of(3)],
        ['b', Float32Array.of(0, 4)],
      ]),
    ),
    5,
  )
  assert.ok(Math.abs(clipScale(5, 1) - 0.2) < 1e-6)
  assert.equal(clipScale(0.5, 1), 1)
  assert.equal(clipScale(1e9, 0), 1)
})

test('schedules rise over the warm-up and fall to zero', () => {
  const factors = (name: 'linear' | 'cosine' | 'constant') =>
    Array.from({ length: 6 }, (_, step) => Number(scheduleFactor(name, step, 6, 2).toFixed(6)))
  assert.deepEqual(factors('linear'), [0, 0.5, 1, 0.75, 0.5, 0.25])
  assert.deepEqual(factors('constant'), [0, 0.5, 1, 1, 1, 1])
  assert.deepEqual(factors('cosine'), [0, 0.5, 1, 0.853553, 0.5, 0.146447])
  assert.equal(scheduleFactor('linear', 0, 6, 0), 1)
})
