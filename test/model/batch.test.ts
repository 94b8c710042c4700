import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Example, fitExample, inputLength, labelCount, packExamples } from '../../node/model/batch.ts'
import { randomFrom } from '../../node/model/random.ts'

const example = (prompt: number, completion: number, first = 100): Example => ({
  id: `${prompt}+${completion}`,
  prompt: Array.from({ length: prompt }, (_, i) => first + i),
  completion: Array.from({ length: completion }, (_, i) => first + 50 + i),
})

test('labels stand at the completion only, one place before each token', () => {
  const [batch] = packExamples([example(3, 2)], 64)
  assert.deepEqual(batch!.tokens, BigInt64Array.of(100n, 101n, 102n, 150n))
  assert.deepEqual(batch!.positions, BigInt64Array.of(0n, 1n, 2n, 3n))
  assert.deepEqual(batch!.labelRows, BigInt64Array.of(2n, 3n))
  assert.deepEqual(batch!.targets, BigInt64Array.of(150n, 151n))
})

test('without a prompt every token but the first is a label', () => {
  const [batch] = packExamples([example(0, 3)], 64)
  assert.deepEqual(batch!.targets, BigInt64Array.of(151n, 152n))
  assert.deepEqual(batch!.labelRows, BigInt64Array.of(0n, 1n))
})

test('examples that share a beginning have it once; their other tokens lie in a grid of rows', () => {
  const first = { id: 'a', prompt: [1, 2, 3, 10], completion: [20, 21] }
  const second = { id: 'b', prompt: [1, 2, 3, 11, 12], completion: [30] }
  const [batch, ...none] = packExamples([first, second], 64)
  assert.equal(none.length, 0)
  assert.deepEqual([batch!.prefix, batch!.rows, batch!.block, batch!.realTokens], [3, 2, 1, 10])
  assert.deepEqual([...batch!.tokens].map(Number), [1, 2, 3, 10, 20, 11, 12])
  assert.deepEqual([...batch!.positions].map(Number), [0, 1, 2, 3, 4, 3, 4])
  assert.deepEqual([...batch!.grid].map(Number), [3, 4, -1, -1, 5, 6, -1, -1])
  assert.deepEqual([...batch!.flat].map(Number), [0, 1, 2, 3, 4, 7, 8])
  assert.deepEqual([...batch!.owners], [0, 0, 1])
})

test('nothing that carries a label is shared, and an example alone shares nothing', () => {
  const twice = [1, 2].map(id => ({ id: String(id), prompt: [1, 2], completion: [3, 4] }))
  assert.equal(packExamples(twice, 64)[0]!.prefix, 1)
  assert.equal(packExamples(twice.slice(1), 64)[0]!.prefix, 0)
  const continued = twice.map(({ id, completion }) => ({ id, prompt: [], completion }))
  assert.equal(packExamples(continued, 64)[0]!.prefix, 0)
})

test('positions begin after the keys that a method puts in front', () => {
  const [batch] = packExamples([example(3, 2)], 64, 5)
  assert.deepEqual([...batch!.positions].map(Number), [5, 6, 7, 8])
})

test('random examples: every label once, no pass beyond the limit, padding bounded', () => {
  const random = randomFrom(5)
  for (let round = 0; round < 50; round++) {
    const examples = Array.from({ length: 1 + random.below(40) }, () =>
      example(random.below(60), 2 + random.below(30), random.below(3)),
    )
    const batches = packExamples(examples, 128)
    const seen = examples.map(() => [] as bigint[])
    for (const batch of batches) {
      assert.ok(batch.tokens.length <= 128 || batch.rows === 1)
      for (const [label, owner] of batch.owners.entries()) seen[owner]!.push(batch.targets[label]!)
    }
    for (const [index, { prompt, completion }] of examples.entries()) {
      assert.deepEqual(seen[index], completion.slice(prompt.length > 0 ? 0 : 1).map(BigInt))
    }
    assert.equal(
      batches.reduce((sum, batch) => sum + batch.realTokens, 0),
      examples.reduce((sum, item) => sum + inputLength(item), 0),
    )
  }
})

test('a long prompt loses its middle, the completion nothing; what cannot fit is left out', () => {
  const fitted = fitExample(example(20, 4), 12)!
  assert.deepEqual(fitted.completion, example(20, 4).completion)
  assert.deepEqual(fitted.prompt, [100, 101, 114, 115, 116, 117, 118, 119])
  assert.equal(fitExample(example(5, 4), 9)?.prompt.length, 5)
  assert.equal(fitExample(example(1, 9), 9), undefined)
  assert.equal(fitExample(example(0, 9), 9)?.completion.length, 9)
  assert.equal(fitExample(example(3, 0), 9), undefined)
  assert.equal(fitExample(example(0, 1), 9), undefined)
  assert.equal(labelCount(example(0, 0)), 0)
})
