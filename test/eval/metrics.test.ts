import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import {
  accuracy,
  exactMatch,
  macroF1,
  meanAbsoluteError,
  parseRating,
  rootMeanSquaredError,
  rouge1,
  rougeL,
} from '../../node/eval/metrics.ts'
import { pairedTest } from '../../node/eval/paired.ts'

interface Golden {
  readonly cases: readonly {
    readonly gold: string
    readonly predicted: string
    readonly rouge1: number
    readonly rougeL: number
  }[]
}

test('ROUGE-1 and ROUGE-L are those of rouge-score', async () => {
  const golden = JSON.parse(await readFile(new URL('rouge-golden.json', import.meta.url), 'utf8')) as Golden
  assert.ok(golden.cases.length > 50)
  for (const { gold, predicted, ...scores } of golden.cases) {
    assert.ok(Math.abs(rouge1(gold, predicted) - scores.rouge1) < 1e-12, `rouge1 of ${gold} / ${predicted}`)
    assert.ok(Math.abs(rougeL(gold, predicted) - scores.rougeL) < 1e-12, `rougeL of ${gold} / ${predicted}`)
  }
})

test('classification and rating metrics by hand', () => {
  assert.equal(exactMatch(' [1]\n', '[1]'), true)
  assert.equal(accuracy(['a', 'b', 'c', 'a'], ['a', 'b', 'b', 'c']), 0.5)
  // a: p 1, r 1/2 -> 2/3; b: p 1/2, r 1 -> 2/3; c: 0
  assert.ok(Math.abs(macroF1(['a', 'b', 'c', 'a'], ['a', 'b', 'b', 'c']) - 4 / 9) < 1e-12)
  assert.ok(Math.abs(macroF1(['a', 'b', 'c', 'a'], ['a', 'b', 'b', 'c'], ['a', 'b']) - 2 / 3) < 1e-12)
  assert.equal(meanAbsoluteError([5, 1, 3], [4, 1, 5]), 1)
  assert.ok(Math.abs(rootMeanSquaredError([5, 1, 3], [4, 1, 5]) - Math.sqrt(5 / 3)) < 1e-12)
  assert.equal(parseRating(' 4\n', 2, [1, 5]), 4)
  assert.equal(parseRating('four', 2, [1, 5]), 5)
  assert.equal(parseRating('', 4, [1, 5]), 1)
  assert.equal(parseRating('', 3, [1, 5]), 5)
  assert.ok(Number.isNaN(accuracy([], [])))
  assert.throws(() => accuracy(['a'], []), TypeError)
})

test('the paired test gives exact values for few pairs', () => {
  const result = pairedTest([1, 2, 3, 4, 0])
  assert.deepEqual(
    { better: result.better, worse: result.worse, ties: result.ties, mean: result.mean },
    { better: 4, worse: 0, ties: 1, mean: 2 },
  )
  assert.ok(Math.abs(result.signP - 2 / 16) < 1e-12)
  assert.equal(result.permutationP, 2 / 16) // only all plus and all minus reach the sum
  // sizes 1, 2, 3 with sum 4 (3+2-1): |sum| >= 4 for +-(1+2+3) and +-(3+2-1)
  assert.equal(pairedTest([-1, 2, 3]).permutationP, 4 / 8)
  assert.equal(pairedTest([]).signP, 1)
  assert.equal(pairedTest([]).permutationP, 1)
  assert.equal(pairedTest([0, 0]).permutationP, 1)
  assert.throws(() => pairedTest([Number.NaN]), TypeError)
})

test('the paired test with many pairs is seeded, sees a difference and does not see noise', () => {
  const noise = Array.from({ length: 200 }, (_, i) => Math.sin(i * 12.9898) * 43.1)
  const shifted = noise.map(value => value + 12)
  assert.deepEqual(pairedTest(noise, { seed: 3 }), pairedTest(noise, { seed: 3 }))
  assert.ok(pairedTest(noise).permutationP > 0.1)
  assert.ok(pairedTest(shifted).permutationP < 0.001)
  assert.ok(pairedTest(shifted).signP < 0.01)
  const thousands = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 1 : -1))
  assert.ok(pairedTest(thousands, { draws: 10 }).signP > 0.95)
})
