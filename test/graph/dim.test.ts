/** Arithmetic of dimensions: canonical texts, exact division, broadcasting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addDims,
  broadcastShapes,
  canonicalDim,
  missingDim,
  multiplyDims,
  sameSize,
  subtractDims,
  termsOf,
} from '../../node/graph/dim.ts'

test('equal dimensions have one text', () => {
  assert.equal(canonicalDim('seq*batch'), 'batch*seq')
  assert.equal(canonicalDim('seq*4*2'), '8*seq')
  assert.equal(addDims('seq', 'past'), addDims('past', 'seq'))
  assert.equal(addDims('n', 'n'), '2*n')
  assert.equal(subtractDims('seq', 'seq'), 0)
  assert.equal(subtractDims(addDims('seq', 3), 'seq'), 3)
  assert.equal(multiplyDims('past+seq', 'batch'), 'batch*past+batch*seq')
  assert.equal(multiplyDims(addDims('n', -1), addDims('n', 1)), canonicalDim('n*n+-1'))
})

test('text that is no polynomial is refused', () => {
  for (const text of ['', 'a b', 'a-1', '2.5', 'a**b', '+'])
    assert.throws(() => termsOf(text), TypeError, text)
  assert.throws(() => termsOf(1.5), TypeError)
})

test('the missing dimension of a reshape is found exactly, or not at all', () => {
  assert.equal(missingDim(['batch', 'seq', 64], [64]), 'batch*seq')
  assert.equal(missingDim(['batch', 'seq', 64], ['seq', 'batch', 4]), 16)
  assert.equal(missingDim(['batch', 'past+seq', 8], ['past+seq', 4]), '2*batch')
  assert.equal(missingDim(['batch', 6], [4]), undefined)
  assert.equal(missingDim(['batch', 6], ['seq']), undefined)
  assert.equal(missingDim([12], ['past+seq']), undefined)
})

test('sizes are compared for every value of the symbols', () => {
  assert.ok(sameSize(['batch', 'seq', 4], ['2*seq', '2*batch']))
  assert.ok(!sameSize(['batch', 'seq'], ['batch', 4]))
})

test('broadcasting takes equal axes and ones, and nothing else', () => {
  assert.deepEqual(broadcastShapes(['batch', 1, 3], ['seq', 1]), ['batch', 'seq', 3])
  assert.throws(() => broadcastShapes(['batch'], ['seq']), TypeError)
  assert.throws(() => broadcastShapes(['batch'], [4]), TypeError)
})
