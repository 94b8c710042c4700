import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomAt, randomFrom, shuffle } from '../../node/model/random.ts'

test('the same seed gives the same numbers, another seed or stream others, a saved state goes on', () => {
  const draw = (seed: number, ...stream: number[]) =>
    Array.from({ length: 5 }, randomFrom(seed, ...stream).bits)
  assert.deepEqual(draw(7), draw(7))
  assert.deepEqual(
    new Set([draw(7), draw(8), draw(-7), draw(7, 1), draw(7, 2), draw(7 + 2 ** 40)].map(String)).size,
    6,
  )
  const random = randomFrom(3)
  random.normal()
  const resumed = randomAt(random.state())
  assert.deepEqual([random.bits(), random.uniform()], [resumed.bits(), resumed.uniform()])
  assert.throws(() => randomFrom(0.5), TypeError)
})

test('uniform and normal have their moments', () => {
  const random = randomFrom(1)
  const uniform = Array.from({ length: 40000 }, random.uniform)
  const normal = Array.from({ length: 40000 }, random.normal)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  assert.ok(uniform.every(value => value >= 0 && value < 1))
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01)
  assert.ok(Math.abs(mean(normal)) < 0.02)
  assert.ok(Math.abs(mean(normal.map(value => value * value)) - 1) < 0.03)
})

test('a shuffle keeps every item and reaches every order', () => {
  const orders = new Set(
    Array.from({ length: 200 }, (_, seed) => shuffle([1, 2, 3], randomFrom(seed)).join('')),
  )
  assert.equal(orders.size, 6)
})
