/** Products in 8 bits against float32: forward, backward, and a weight whose features stand out. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { int8Weights } from '../../node/base/int8-file.ts'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph } from '../../node/graph/graph.ts'
import { int8Speedup, isInt8MuchFaster } from '../../node/graph/int8-speed.ts'
import { matMul, mul, sumAll } from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { frozenWeight } from '../../node/model/frozen.ts'
import { int8Products } from '../../node/model/int8.ts'
import { randomFrom } from '../../node/model/random.ts'
import { tinyBase } from './bases.ts'

const PATH = 'model.layers.0.mlp.up_proj'

/** How far `got` is from `wanted`, relative to its length. */
function distance(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [error, length] = [0, 0]
  for (let i = 0; i < wanted.length; i++) {
    error += (got[i]! - wanted[i]!) ** 2
    length += wanted[i]! ** 2
  }
  return Math.sqrt(error / length)
}

/** y and d x of x Wᵀ weighted by g, in 8 bits and in float32. */
async function bothWays(x: Float32Array, rows: number) {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-int8-'))
  const base = await tinyBase({ hidden_size: 32, intermediate_size: 48 })
  try {
    const weights = await int8Weights(join(folder, 'weights.i8'), base)
    const graph = new Graph()
    const input = graph.input('x', 'float32', ['rows', 32])
    const g = graph.input('g', 'float32', ['rows', 48])
    const exact = matMul(input, frozenWeight(graph, base.weights)(`${PATH}.weight`), { transB: true })
    const coarse = int8Products(graph, weights)(PATH, input)!
    for (const [name, y] of [
      ['exact', exact],
      ['coarse', coarse],
    ] as const) {
      graph.output(name, y)
      graph.output(`d ${name}`, gradients(sumAll(mul(y, g)), [input])[0]!)
    }
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const random = randomFrom(3)
    const gradient = Float32Array.from({ length: rows * 48 }, () => random.normal())
    const outputs = await session.run({
      x: { dtype: 'float32', dims: [rows, 32], data: x },
      g: { dtype: 'float32', dims: [rows, 48], data: gradient },
    })
    const data = (name: string) => outputs[name]!.data as Float32Array
    return {
      forward: distance(data('coarse'), data('exact')),
      backward: distance(data('d coarse'), data('d exact')),
      all: outputs,
    }
  } finally {
    await base.remove()
    await rm(folder, { recursive: true })
  }
}

test('products and their gradients are within a percent of float32', async () => {
  const random = randomFrom(1)
  const { forward, backward } = await bothWays(
    Float32Array.from({ length: 20 * 32 }, () => random.normal()),
    20,
  )
  assert.ok(forward > 0 && forward < 0.012, `${forward}`)
  assert.ok(backward > 0 && backward < 0.012, `${backward}`)
})

test('a feature a hundred times larger than the rest does not drown them', async () => {
  const random = randomFrom(2)
  const x = Float32Array.from({ length: 20 * 32 }, (_, i) => random.normal() * (i % 32 === 7 ? 100 : 1))
  assert.ok((await bothWays(x, 20)).forward < 0.012)
})

test('a row of zeros stays zero, beside rows of any size', async () => {
  const x = new Float32Array(3 * 32)
  x.fill(1e-6, 32, 64)
  x.fill(1e6, 64)
  const { all } = await bothWays(x, 3)
  const [exact, coarse] = ['exact', 'coarse'].map(name => all[name]!.data as Float32Array)
  assert.deepEqual([...coarse!.subarray(0, 48)], new Array(48).fill(0))
  for (const row of [1, 2]) {
    const range = [row * 48, (row + 1) * 48] as const
    assert.ok(distance(coarse!.subarray(...range), exact!.subarray(...range)) < 0.012, `row ${row}`)
  }
})

test('the file is made once, and again where it is of another base or cut short', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-int8-'))
  const path = join(folder, 'weights.i8')
  const base = await tinyBase({ hidden_size: 32 })
  let made = 0
  const open = (id = base.id) => int8Weights(path, { ...base, id }, { onProgress: () => made++ })
  await open()
  const once = made
  await open()
  assert.equal(made, once)
  await open(base.id.replaceAll(base.id[0]!, base.id[0] === 'a' ? 'b' : 'a') as typeof base.id)
  assert.equal(made, 2 * once)
  await base.remove()
  await rm(folder, { recursive: true })
})

test('how much faster bytes are is a number, and decides unless it is near', async () => {
  const speedup = await int8Speedup()
  assert.ok(Number.isFinite(speedup) && speedup > 0)
  const isFaster = await isInt8MuchFaster()
  if (speedup < 1.1 || speedup >= 1.5) assert.equal(isFaster, speedup >= 1.5)
})
