/** Weights in 8 and 4 bits: how they are rounded and packed, and products with them, forward and backward. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { derive, Places, writeAt } from '../../node/base/derived-file.ts'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph, type Value } from '../../node/graph/graph.ts'
import { add, gather, matMul, mul, sumAll } from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { type Tensor, tensor, tensorOf } from '../../node/graph/tensor.ts'
import { frozenWeight } from '../../node/model/frozen.ts'
import {
  type Blocks,
  blockSize,
  dequantize,
  type Quantized,
  quantize4,
  quantize8,
} from '../../node/model/quantized.ts'
import { product, rowsOf } from '../../node/model/quantized-products.ts'
import { randomFrom } from '../../node/model/random.ts'
import { readWeights, type WeightEntry, type WeightFile } from '../../node/model/weights.ts'
import type { BaseId } from '../../protocol/ids.ts'

function normal(count: number, seed: number, deviation = 0.05): Float32Array {
  const random = randomFrom(seed)
  return Float32Array.from({ length: count }, () => deviation * random.normal())
}

/** How far `got` is from `wanted`, relative to its length. */
function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  assert.equal(got.length, wanted.length)
  let [error, length] = [0, 0]
  for (let i = 0; i < wanted.length; i++) {
    error += (got[i]! - wanted[i]!) ** 2
    length += wanted[i]! ** 2
  }
  return Math.sqrt(error / length)
}

const quantize = (values: Float32Array, bits: 8 | 4, size: number): Quantized =>
  bits === 8 ? quantize8(values, size) : quantize4(values, size)

/** The plainest reading of the format: one weight at a time, by its row and column. */
function weightAt(
  quantized: Quantized,
  [rows, width]: readonly [number, number],
  size: number,
  row: number,
  column: number,
): number {
  const { bits, bytes, scales } = quantized
  const block = row * (width / size) + Math.floor(column / size)
  if (bits === 8) return Math.fround(new Int8Array(bytes.buffer)[row * width + column]! * scales[block]!)
  const isUpper = row >= rows / 2
  const pair = bytes[(isUpper ? row - rows / 2 : row) * width + column]!
  const place = isUpper ? Math.floor(pair / 16) : pair % 16
  const scale = Math.fround(scales[block]! * quantized.unit)
  return Math.fround((16 * place - quantized.zeros[block]!) * scale)
}

test('blocks are the largest size up to 32, or 16 in 4 bits, that cuts a row evenly', () => {
  const widths = [576, 1536, 2048, 64, 32, 24, 40, 50, 37, 8, 6, 62]
  const sizes = (bits: 8 | 4) => widths.map(width => blockSize(width, bits))
  assert.deepEqual(sizes(8), [32, 32, 32, 32, 32, 24, 20, 25, 37, 8, 6, 31])
  assert.deepEqual(sizes(4), [16, 16, 16, 16, 16, 12, 10, 10, 37, 8, 6, 62])
})

for (const bits of [8, 4] as const) {
  const [rows, width, size] = [6, 40, 20]
  const values = normal(rows * width, 4)

  test(`${bits} bits are packed so that every weight is where the format says`, () => {
    const made = quantize(values, bits, size)
    assert.equal(made.bytes.length, (rows * width * bits) / 8)
    assert.equal(made.scales.length, (rows * width) / size)
    const read = dequantize(made)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < width; column++)
        assert.equal(read[row * width + column], weightAt(made, [rows, width], size, row, column))
  })

  test(`${bits} bits lose no more than a step allows, whatever the block's size and sign`, () => {
    const factors = [1, 1e-6, 1e6, 1e-30]
    for (const factor of factors)
      for (const shift of [0, 0.2, -0.2]) {
        const wanted = values.map(value => factor * (value + shift))
        const got = dequantize(quantize(wanted, bits, size))
        for (let start = 0; start < wanted.length; start += size) {
          const block = wanted.subarray(start, start + size)
          const range = Math.max(0, ...block) - Math.min(0, ...block)
          const limit = bits === 8 ? Math.max(...block.map(Math.abs)) / 254 : range / 15 / Math.sqrt(12)
          const error = Math.sqrt(
            block.reduce((sum, value, i) => sum + (value - got[start + i]!) ** 2, 0) / size,
          )
          assert.ok(error <= limit * 1.15, `${factor} ${shift}: ${error} above ${limit}`)
        }
      }
  })

  test(`${bits} bits keep zeros, single values and what is too small for a step`, () => {
    const odd = new Float32Array(4 * size)
    odd[size] = 0.7
    odd.fill(-3, 2 * size, 3 * size)
    odd.fill(1e-44, 3 * size)
    const got = dequantize(quantize(odd, bits, size))
    assert.deepEqual([...got.subarray(0, size)], new Array(size).fill(0))
    const allowed = bits === 8 ? 1e-6 : 1 / 2048 // of the value: the scale is a float16
    assert.ok(Math.abs(got[size]! - 0.7) < 0.7 * allowed)
    assert.ok(got.subarray(size + 1, 2 * size).every(value => value === 0))
    assert.ok(got.subarray(2 * size, 3 * size).every(value => Math.abs(value + 3) < 3 * allowed))
    assert.ok(got.every(Number.isFinite))
  })
}

test('4 bits come through again, also in half a block: exactly about zero, to a thirty-second of a step with a minimum', () => {
  const random = randomFrom(9)
  const ends = [0, 15, 3, 12, 2, 9] // of three blocks: none but the first has the grid's own ends
  const whole = Float32Array.from({ length: 48 }, (_, i) => {
    const [low, high] = ends.slice(2 * Math.floor(i / 16)) as [number, number]
    return i % 16 === 0 ? low : i % 16 === 1 ? high : low + Math.floor((high - low + 1) * random.uniform())
  })
  const symmetric = whole.map(q => 0.25 * (q - 8))
  assert.deepEqual(dequantize(quantize4(symmetric, 16)), symmetric)
  const step = Math.f16round(0.013)
  const withMinimum = whole.map(q => step * q - 0.0578)
  const got = dequantize(quantize4(withMinimum, 16))
  for (const [i, value] of withMinimum.entries()) assert.ok(Math.abs(got[i]! - value) <= step / 31)
})

test('4 bits are nearer than from the smallest to the largest weight alone', () => {
  const size = 16
  const values = normal(size * 400, 5)
  let error = 0
  let power = 0
  for (let start = 0; start < values.length; start += size) {
    const block = values.subarray(start, start + size)
    const [low, high] = [Math.min(...block), Math.max(...block)]
    const step = (high - low) / 15
    for (const value of block) {
      error += (low + step * Math.round((value - low) / step) - value) ** 2
      power += value ** 2
    }
  }
  const plain = Math.sqrt(error / power)
  const ours = distance(dequantize(quantize4(values, size)), values)
  assert.ok(ours < 0.97 * plain, `${ours} against ${plain}`)
})

// ---- in graphs ----

interface Matrix {
  readonly shape: readonly [number, number]
  readonly values: Float32Array
  readonly bits: 8 | 4
}

/** A weight file of matrices in blocks, used and removed. */
async function withFile<T>(
  matrices: Readonly<Record<string, Matrix>>,
  use: (file: WeightFile) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-quantized-'))
  try {
    const places = new Places()
    const parts: [number, Uint8Array][] = []
    const tensors = new Map<string, WeightEntry>()
    for (const [name, { shape, values, bits }] of Object.entries(matrices)) {
      const size = blockSize(shape[1], bits)
      const quantized = quantize(values, bits, size)
      const place = (data: ArrayBufferView): number => {
        const offset = places.take(data.byteLength)
        parts.push([offset, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])
        return offset
      }
      const { bytes } = quantized
      const offset = place(bytes)
      const scaleOffset = place(quantized.scales)
      const blocks: Blocks =
        quantized.bits === 8
          ? { bits: 8, size, scaleOffset }
          : {
              bits: 4,
              size,
              scaleOffset,
              zeroOffset: place(quantized.zeros),
              unitOffset: place(Float32Array.of(quantized.unit)),
            }
      tensors.set(name, { shape, offset, length: bytes.length, blocks })
    }
    const path = join(folder, 'weights')
    await derive({ path, kind: 'test', id: '1'.repeat(64) as BaseId, end: places.end }, async target => {
      for (const [offset, data] of parts) await writeAt(target, data, offset)
    })
    return await use({ path, tensors })
  } finally {
    await rm(folder, { recursive: true })
  }
}

const matrix = (rows: number, width: number, bits: 8 | 4, seed = 1): Matrix => ({
  shape: [rows, width],
  values: normal(rows * width, seed),
  bits,
})

const feed = (dims: readonly number[], seed: number): Tensor =>
  tensor(
    'float32',
    dims,
    normal(
      dims.reduce((a, b) => a * b, 1),
      seed,
      1,
    ),
  )

/** Runs a graph several times, which must give the same each time: nothing may be written into a weight. */
async function outputsOf(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<(name: string) => Float32Array> {
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const first = await session.run(feeds)
  assert.deepEqual(await session.run(feeds), first)
  return name => first[name]!.data as Float32Array
}

for (const [name, kind] of Object.entries({
  'in 8 bits': matrix(48, 64, 8),
  'in 4 bits': matrix(48, 64, 4),
  'in 8 bits, of odd sizes': matrix(7, 37, 8),
  'in 4 bits, in blocks of 10': matrix(6, 50, 4),
  'in 8 bits, too large to be made float32 at once': matrix(70001, 256, 8),
}))
  test(`products with a weight ${name} are those with its float32 values, forward and backward`, () =>
    withFile({ w: kind }, async file => {
      const [out, width] = kind.shape
      const wanted = (await readWeights(file)).get('w')!
      const graph = new Graph()
      const x = graph.input('x', 'float32', ['rows', width])
      const g = graph.input('g', 'float32', ['rows', out])
      const ids = graph.input('ids', 'int64', ['n'])
      const plain = graph.input('plain', 'float32', [out, width])
      const weight = frozenWeight(graph, file)('w')
      assert.deepEqual(weight.shape, [out, width])
      const both: [string, Value, Value][] = [
        ['float32', matMul(x, plain, { transB: true }), gather(plain, ids)],
        ['blocks', product(x, weight), rowsOf(weight, ids)],
      ]
      for (const [side, y, rows] of both) {
        graph.output(side, y)
        graph.output(`d ${side}`, gradients(sumAll(mul(y, g)), [x])[0]!)
        graph.output(`rows ${side}`, rows)
      }
      const data = await outputsOf(graph, {
        x: feed([5, width], 2),
        g: feed([5, out], 3),
        ids: tensorOf('int64', [4], [out - 1, 0, 3, 3]),
        plain: tensor('float32', [out, width], wanted),
      })
      for (const prefix of ['', 'd ']) {
        const far = distance(data(`${prefix}blocks`), data(`${prefix}float32`))
        assert.ok(far < 1e-5, `${prefix}${far}`)
      }
      assert.deepEqual(data('rows blocks'), data('rows float32'))
    }))

test('a weight in blocks is like any other to whoever uses the whole of it', () =>
  withFile({ w: matrix(8, 16, 4) }, async file => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [8, 16])
    const weight = frozenWeight(graph, file)('w')
    graph.output('sum', add(x, weight))
    graph.output('dx', gradients(sumAll(mul(x, weight)), [x])[0]!)
    const data = await outputsOf(graph, { x: tensor('float32', [8, 16], new Float32Array(128)) })
    const wanted = (await readWeights(file)).get('w')!
    assert.deepEqual(data('sum'), wanted)
    assert.deepEqual(data('dx'), wanted)
  }))

test('a weight is made float32 for each product alone, and not before what it meets is there', () =>
  withFile({ a: matrix(32, 32, 4, 1), b: matrix(32, 32, 8, 2) }, async file => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['rows', 32])
    const weight = frozenWeight(graph, file)
    const y = product(product(x, weight('a')), weight('b'))
    graph.output('dx', gradients(sumAll(mul(y, y)), [x])[0]!)
    const behind = new Set<Value>([x])
    const made: Value[] = []
    for (const node of graph.nodes) {
      if (node.inputs.some(input => behind.has(input))) for (const output of node.outputs) behind.add(output)
      if (node.op === 'DequantizeLinear') made.push(node.outputs[0]!)
    }
    // The two that stand for the whole weights, and which no output needs, depend on nothing.
    assert.deepEqual(
      made.map(value => behind.has(value)),
      [false, true, false, true, true, true],
    )
  }))
