import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomFrom } from '../../node/model/random.ts'
import type { OptimizerName } from '../../node/train/config.ts'
import { parseTrainConfig } from '../../node/train/config.ts'
import { clipScale, copyTensors, globalNorm, type Tensors } from '../../node/train/optimizer.ts'
import { optimizers } from '../../node/train/optimizers.ts'

type Values = Readonly<Record<string, readonly number[]>>

/** What PyTorch and transformers gave; test/reference/optimizers.py says how. */
interface Golden {
  readonly learningRate: number
  readonly weightDecay: number
  readonly shapes: Values
  readonly initial: Values
  readonly gradients: readonly Values[]
  /** Of the first gradients, before they were clipped to 0.3, and after. */
  readonly norm: number
  readonly clipped: Values
  readonly results: Readonly<Record<'adamw' | 'lion' | 'adafactor' | 'adafactor_torch', readonly Values[]>>
}

const golden = JSON.parse(
  await readFile(join(import.meta.dirname, '../fixtures/golden/optimizers.json'), 'utf8'),
) as Golden
const NAMES = Object.keys(optimizers) as OptimizerName[]
const SHAPES = new Map(Object.entries(golden.shapes))

function tensors(values: Values): Map<string, Float32Array> {
  return new Map(Object.entries(values).map(([name, numbers]) => [name, Float32Array.from(numbers)]))
}

function settings(optimizer: OptimizerName, weightDecay = golden.weightDecay) {
  return parseTrainConfig({ optimizer, weightDecay })
}

function worst(parameters: Tensors, expected: Values): number {
  return Math.max(
    ...Object.entries(expected).flatMap(([name, numbers]) =>
      numbers.map((number, i) => Math.abs(parameters.get(name)![i]! - number)),
    ),
  )
}

function distance(a: Tensors, b: Tensors): number {
  return globalNorm(new Map([...a].map(([key, values]) => [key, values.map((x, i) => x - b.get(key)![i]!)])))
}

for (const [reference, name] of [
  ['adamw', 'adamw'],
  ['lion', 'lion'],
  ['adafactor', 'adafactor'],
  ['adafactor_torch', 'adafactor'],
] as const) {
  test(`${name} makes ten updates as the reference does (${reference})`, () => {
    const parameters = tensors(golden.initial)
    const state = optimizers[name].init(SHAPES)
    for (const [step, gradient] of golden.gradients.entries()) {
      const { learningRate } = golden
      optimizers[name].update(settings(name), state, parameters, SHAPES, tensors(gradient), { learningRate })
      const off = worst(parameters, golden.results[reference][step]!)
      assert.ok(off < 1e-6, `step ${step + 1} is off by ${off}`)
    }
    assert.equal(state.step, 10)
  })
}

test('AdamW: the first two updates as by hand, decay apart from the gradient', () => {
  const shapes = new Map([['w', [1, 2]]])
  const parameters = new Map([['w', Float32Array.of(1, -2)]])
  const state = optimizers.adamw.init(shapes)
  const expected = [1, -2]
  const m = [0, 0]
  const v = [0, 0]
  for (const [index, gradient] of [Float32Array.of(0.5, -0.25), Float32Array.of(-1, 0)].entries()) {
    const gradients = new Map([['w', gradient]])
    optimizers.adamw.update(settings('adamw'), state, parameters, shapes, gradients, { learningRate: 0.01 })
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
})

test('Lion: two updates as by hand; the sign is of a mix that the memory lags behind', () => {
  const shapes = new Map([['w', [3, 1]]])
  const parameters = new Map([['w', Float32Array.of(1, 1, 1)]])
  const state = optimizers.lion.init(shapes)
  const update = (...gradient: number[]) =>
    optimizers.lion.update(
      settings('lion'),
      state,
      parameters,
      shapes,
      new Map([['w', Float32Array.from(gradient)]]),
      { learningRate: 0.5 },
    )
  update(3, -0.001, 0)
  assert.deepEqual(parameters.get('w'), Float32Array.of(0.45, 1.45, 0.95)) // 1 * (1 - 0.5 * 0.1) -+ 0.5
  const first = state.tensors.get('first/w')! // beta2 0.99
  for (const [i, m] of [0.03, -0.00001, 0].entries()) assert.ok(Math.abs(first[i]! - m) < 1e-9)
  update(-0.28, 0.0001, 0) // 0.9 * 0.03 - 0.1 * 0.28 < 0: upwards; -0.9 * 0.00001 + 0.1 * 0.0001 > 0: downwards
  assert.ok(Math.abs(parameters.get('w')![0]! - (0.45 * 0.95 + 0.5)) < 1e-6)
  assert.ok(Math.abs(parameters.get('w')![1]! - (1.45 * 0.95 - 0.5)) < 1e-6)
})

test("Adafactor: the first update is the gradient over the root of its squares' rank-one fit", () => {
  const shapes = new Map([['w', [2, 2]]])
  const parameters = new Map([['w', Float32Array.of(0, 0, 0, 0)]])
  const state = optimizers.adafactor.init(shapes)
  const gradients = new Map([['w', Float32Array.of(1, 2, 3, 4)]])
  optimizers.adafactor.update(settings('adafactor'), state, parameters, shapes, gradients, {
    learningRate: 0.1,
  })
  // Squares 1 4 9 16: row means 2.5 and 12.5, column means 5 and 10, mean 7.5; root mean square of what follows: 0.9925.
  const fit = [(2.5 * 5) / 7.5, (2.5 * 10) / 7.5, (12.5 * 5) / 7.5, (12.5 * 10) / 7.5]
  for (const [i, g] of [1, 2, 3, 4].entries())
    assert.ok(Math.abs(parameters.get('w')![i]! + (0.1 * g) / Math.sqrt(fit[i]!)) < 1e-6)
  assert.deepEqual(state.tensors.get('rows/w'), Float32Array.of(2.5, 12.5))
  assert.deepEqual(state.tensors.get('columns/w'), Float32Array.of(5, 10))
})

test('Adafactor keeps rows and columns of a matrix, AdamW two numbers an element, Lion one', () => {
  const shapes = new Map([
    ['matrix', [300, 200]],
    ['vector', [7]],
  ])
  const numbers = (name: OptimizerName) =>
    [...optimizers[name].init(shapes).tensors.values()].reduce((sum, { length }) => sum + length, 0)
  assert.equal(numbers('adamw'), 2 * 60_007)
  assert.equal(numbers('lion'), 60_007)
  assert.equal(numbers('adafactor'), 300 + 200 + 7)
})

for (const name of NAMES) {
  test(`${name} finds the bottom of a bowl, and a step from anywhere is no longer than its rate allows`, () => {
    const shapes = new Map([
      ['m', [6, 9]],
      ['v', [11]],
    ])
    const random = randomFrom(1, name.length)
    const noise = (length: number, size: number) =>
      Float32Array.from({ length }, () => size * random.normal())
    const bottom = new Map([
      ['m', noise(54, 1)],
      ['v', noise(11, 1)],
    ])
    const parameters = new Map([
      ['m', noise(54, 3)],
      ['v', noise(11, 3)],
    ])
    const start = distance(parameters, bottom)
    const state = optimizers[name].init(shapes)
    for (let step = 0; step < 600; step++) {
      const gradients = new Map(
        [...parameters].map(([key, values]) => [key, values.map((x, i) => 2 * (x - bottom.get(key)![i]!))]),
      )
      const before = copyTensors(parameters)
      const learningRate = 0.05 * (1 - step / 600)
      optimizers[name].update(settings(name, 0), state, parameters, shapes, gradients, { learningRate })
      const moved = distance(parameters, before)
      // An element moves by about the rate; AdamW's first moment can outrun its second by (1-b1)/sqrt(1-b2).
      assert.ok(moved < 3.2 * learningRate * Math.sqrt(65), `step ${step}: ${moved}`)
    }
    assert.ok(distance(parameters, bottom) < 0.05 * start, `${distance(parameters, bottom)} from ${start}`)
  })

  test(`${name} decays matrices by rate times decay, spares vectors, and leaves what has no gradient`, () => {
    const parameters = tensors(golden.initial)
    const before = copyTensors(parameters)
    const zero = new Map([...parameters].map(([key, { length }]) => [key, new Float32Array(length)]))
    const state = optimizers[name].init(SHAPES)
    optimizers[name].update(settings(name, 0.5), state, parameters, SHAPES, zero, { learningRate: 0.1 })
    assert.deepEqual(parameters.get('vector'), before.get('vector'))
    assert.deepEqual(
      parameters.get('matrix'),
      before.get('matrix')!.map(value => value * 0.95),
    )
  })

  test(`${name}: the scale is that of the gradient`, () => {
    const outcome = (factor: number, scale: number) => {
      const parameters = tensors(golden.initial)
      const state = optimizers[name].init(SHAPES)
      for (const gradient of golden.gradients) {
        const scaled = tensors(gradient)
        for (const values of scaled.values()) for (const i of values.keys()) values[i]! *= factor
        const how = { learningRate: 0.01, scale }
        optimizers[name].update(settings(name), state, parameters, SHAPES, scaled, how)
      }
      return { parameters, state }
    }
    assert.deepEqual(outcome(0.25, 1), outcome(1, 0.25))
  })

  test(`${name} works in place: the arrays stay the same over a thousand updates`, () => {
    const parameters = tensors(golden.initial)
    const state = optimizers[name].init(SHAPES)
    const arrays = [...parameters.values(), ...state.tensors.values()]
    const gradients = golden.gradients.map(tensors)
    for (let step = 0; step < 1000; step++)
      optimizers[name].update(settings(name), state, parameters, SHAPES, gradients[step % 10]!, {
        learningRate: 1e-3,
      })
    for (const [i, array] of [...parameters.values(), ...state.tensors.values()].entries())
      assert.equal(array, arrays[i])
    assert.ok(arrays.every(array => array.every(Number.isFinite)))
  })

  test(`${name} refuses a gradient or state that does not fit`, () => {
    const parameters = tensors(golden.initial)
    const update = (state: ReturnType<(typeof optimizers)[typeof name]['init']>, gradients: Tensors) =>
      optimizers[name].update(settings(name), state, parameters, SHAPES, gradients, { learningRate: 1 })
    const gradients = tensors(golden.gradients[0]!)
    gradients.delete('vector')
    assert.throws(() => update(optimizers[name].init(SHAPES), gradients), TypeError)
    const other = optimizers[name].init(
      new Map([
        ['matrix', [3, 5]],
        ['vector', [5]],
      ]),
    )
    assert.throws(() => update(other, tensors(golden.gradients[0]!)), TypeError)
  })
}

test("each optimizer has its own paper's second decay, unless told another", () => {
  assert.deepEqual(
    NAMES.map(optimizer => parseTrainConfig({ optimizer }).beta2),
    [0.999, 0.99, 0],
  )
  assert.equal(parseTrainConfig({ optimizer: 'lion', beta2: 0.98 }).beta2, 0.98)
  assert.deepEqual(parseTrainConfig(parseTrainConfig({})), parseTrainConfig({}))
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

test("clipping is PyTorch's", () => {
  const gradients = tensors(golden.gradients[0]!)
  const norm = globalNorm(gradients)
  assert.ok(Math.abs(norm - golden.norm) < 1e-6)
  const clipped = new Map(
    [...gradients].map(([name, values]) => [name, values.map(g => g * clipScale(norm, 0.3))]),
  )
  assert.ok(worst(clipped, golden.clipped) < 1e-7)
})
