/** Every block type against what Python's gguf package reads in the same blocks (see the fixture's make.py). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BLOCK_TYPES, blockType } from '../../node/base/dequantize.ts'
import { isOppuError } from '../../protocol/errors.ts'

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/dequantize/${name}`, import.meta.url)))

for (const [name, type] of Object.entries(BLOCK_TYPES)) {
  if (name === 'F32') continue
  test(`${name} blocks come out as the reference reads them, bit for bit`, () => {
    const blocks = fixture(`${name}.bin`)
    const expected = fixture(`${name}.f32`)
    const count = blocks.length / type.bytes
    assert.ok(Number.isInteger(count) && count >= 4)
    const values = new Float32Array(count * type.weights)
    type.read(blocks, count, values)
    assert.deepEqual(new Uint8Array(values.buffer), expected)
  })
}

test('a type that is not in the table is refused by name, with its tensor', () => {
  for (const name of ['Q2_K', 'IQ4_NL', 'MXFP4', '99', 'I8', 'toString']) {
    assert.throws(
      () => blockType(name, 'blk.3.attn_q.weight'),
      error =>
        isOppuError(error, 'UNSUPPORTED_QUANTIZATION') &&
        error.message.includes(name) &&
        error.message.includes('blk.3.attn_q.weight'),
    )
  }
})
