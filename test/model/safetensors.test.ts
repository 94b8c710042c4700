import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseSafetensorsHeader,
  readSafetensors,
  toFloat32,
  writeSafetensors,
} from '../../node/model/safetensors.ts'
import { isOppuError } from '../../protocol/errors.ts'

const tensors = new Map([
  ['b', { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 1e-20) }],
  ['a', { shape: [3], data: Float32Array.of(0.1, Number.NaN, Infinity) }],
  ['empty', { shape: [0, 4], data: new Float32Array() }],
  ['scalar', { shape: [], data: Float32Array.of(7) }],
])

function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const file = Buffer.alloc(8 + json.length + dataBytes)
  file.writeBigUInt64LE(BigInt(json.length))
  json.copy(file, 8)
  return file
}

test('a file written is read back bit for bit, and its bytes do not depend on the order of tensors', () => {
  const file = writeSafetensors(tensors, { format: 'pt' })
  const back = readSafetensors(file)
  assert.equal(back.metadata.get('format'), 'pt')
  assert.deepEqual([...back.tensors.keys()].sort(), [...tensors.keys()].sort())
  for (const [name, tensor] of tensors) assert.deepEqual(back.tensors.get(name), tensor)
  assert.deepEqual(writeSafetensors(new Map([...tensors].reverse()), { format: 'pt' }), file)
  assert.equal(parseSafetensorsHeader(file, file.length).dataStart % 8, 0)
})

test('BF16 rounds to nearest even and comes back within its precision', () => {
  const data = Float32Array.of(1, 1.00390625, 1.01171875, -Math.PI, 0, Number.NaN, Infinity)
  const back = readSafetensors(
    writeSafetensors(new Map([['x', { shape: [7], data }]]), {}, 'BF16'),
  ).tensors.get('x')!.data
  assert.deepEqual([...back], [1, 1, 1.015625, -3.140625, 0, Number.NaN, Infinity])
})

test('half floats: normal, subnormal, infinite', () => {
  const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555).buffer)
  assert.deepEqual([...toFloat32(bytes, 'F16')], [1, -2, 2 ** -24, 65504, Infinity, -0, 0.333251953125])
})

test('every truncation of a good file is refused', () => {
  const file = writeSafetensors(tensors)
  for (let length = 0; length < file.length; length++) {
    assert.throws(
      () => readSafetensors(file.subarray(0, length)),
      error => isOppuError(error, 'TRUNCATED_FILE'),
      `${length} bytes`,
    )
  }
})

test('headers that do not tile the data, or are no headers, are refused', () => {
  const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] }
  const bad: [unknown, number][] = [
    [{ a: entry }, 8], // rest after the last tensor
    [{ a: entry, b: entry }, 4], // overlap
    [{ a: { ...entry, data_offsets: [4, 8] } }, 8], // gap
    [{ a: { ...entry, shape: [2] } }, 4],
    [{ a: { ...entry, shape: [-1] } }, 4],
    [{ a: { ...entry, shape: [0.5] } }, 4],
    [{ a: { ...entry, dtype: 'Q9' } }, 4],
    [{ a: { ...entry, dtype: 'toString' } }, 4],
    [{ a: { ...entry, data_offsets: [0] } }, 4],
    [{ a: null }, 0],
    [{ __metadata__: { x: 1 } }, 0],
    [[], 0],
    ['{', 0],
  ]
  for (const [header, size] of bad) {
    assert.throws(
      () => readSafetensors(fileOf(header, size)),
      error => isOppuError(error, 'INVALID_DATA'),
      JSON.stringify(header),
    )
  }
  const huge = Buffer.alloc(16)
  huge.writeBigUInt64LE(2n ** 60n)
  assert.throws(
    () => readSafetensors(huge),
    error => isOppuError(error, 'INVALID_DATA'),
  )
})
