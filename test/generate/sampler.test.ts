import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GREEDY, type Sampling, sample } from '../../node/generate/sampler.ts'
import { randomFrom } from '../../node/model/random.ts'

const logits = Float32Array.from([0.1, 0.5, 0.2, 0.15, 0.05], Math.log)

function shares(sampling: Sampling, draws = 20000): number[] {
  const random = randomFrom(2)
  const counts = logits.map(() => 0)
  for (let i = 0; i < draws; i++) counts[sample(logits, sampling, random)]!++
  return [...counts].map(count => count / draws)
}

function near(actual: readonly number[], expected: readonly number[]): void {
  for (const [index, share] of expected.entries()) {
    assert.ok(Math.abs(actual[index]! - share) < 0.015, `${actual}`)
    if (share === 0) assert.equal(actual[index], 0)
  }
}

test('draws follow the probabilities', () =>
  near(shares({ temperature: 1, topK: 0, topP: 1 }), [0.1, 0.5, 0.2, 0.15, 0.05]))

test('temperature sharpens', () => {
  const squares = [0.01, 0.25, 0.04, 0.0225, 0.0025]
  const sum = squares.reduce((a, b) => a + b)
  near(
    shares({ temperature: 0.5, topK: 0, topP: 1 }),
    squares.map(square => square / sum),
  )
})

test('topK keeps the likeliest, topP the smallest set that holds the share', () => {
  near(shares({ temperature: 1, topK: 2, topP: 1 }), [0, 5 / 7, 2 / 7, 0, 0])
  near(shares({ temperature: 1, topK: 0, topP: 0.6 }), [0, 5 / 7, 2 / 7, 0, 0])
  near(shares({ temperature: 1, topK: 3, topP: 0.1 }), [0, 1, 0, 0, 0])
})

test('greedy takes the likeliest, the first of equals, and passes over NaN', () => {
  const random = randomFrom(0)
  assert.equal(sample(logits, GREEDY, random), 1)
  assert.equal(sample(Float32Array.of(Number.NaN, 2, 2), GREEDY, random), 1)
  assert.throws(() => sample(Float32Array.of(Number.NaN), GREEDY, random), TypeError)
  for (const bad of [{ temperature: -1 }, { topK: 0.5 }, { topP: 0 }, { topP: 1.5 }])
    assert.throws(() => sample(logits, { ...GREEDY, ...bad }, random), TypeError)
})
