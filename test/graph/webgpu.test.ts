/** Every op, gradient rule and composite on WebGPU, in float32: what the CPU computes, WebGPU computes too. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Value } from '../../node/graph/graph.ts'
import type { OpType } from '../../node/graph/op.ts'
import * as op from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { type Tensor, tensor, tensorOf, toNumbers } from '../../node/graph/tensor.ts'
import { vjpRules } from '../../node/graph/vjp.ts'
import { BLOCK_CASES, COMPOSITE_CASES } from './composite-cases.ts'
import { buildCase, type GradientCase, outputGradients } from './gradient-case.ts'
import { OP_CASES } from './op-cases.ts'
import { webgpuMissing } from './webgpu.ts'

/** Of the largest element of a tensor. */
const TOLERANCE = 1e-5

const missing = await webgpuMissing()
const seen = new Set<OpType>()

/** Ops that nothing flows back through, and the float32 kernels of 8 bits. */
const FORWARD: readonly GradientCase[] = [
  {
    name: 'comparisons',
    inputs: { x: { dims: [2, 3], shape: ['rows', 3], values: [1, -2, 3, 0.5, 0, -1] } },
    build: ({ x }) => {
      const half = op.scalarLike(x!, 0.5)
      const compare = [op.equal, op.less, op.lessOrEqual, op.greater, op.greaterOrEqual]
      return compare.map(each => each(x!, half))
    },
  },
  {
    name: 'logic',
    inputs: {},
    indices: {
      a: { shape: ['n'], tensor: tensorOf('bool', [4], [0, 0, 1, 1]) },
      b: { shape: ['n'], tensor: tensorOf('bool', [4], [0, 1, 0, 1]) },
    },
    build: ({ a, b }) => [op.and(a!, b!), op.or(a!, b!), op.not(a!), op.equal(a!, b!)],
  },
  {
    name: 'integers',
    inputs: {},
    indices: {
      a: { shape: ['n', 2], tensor: tensorOf('int64', [2, 2], [7, -7, 2 ** 40, 0]) },
      b: { shape: [2], tensor: tensorOf('int64', [2], [2, 3]) },
    },
    build: ({ a, b }) => [
      op.add(a!, b!),
      op.mul(a!, b!),
      op.div(a!, b!),
      op.where(op.less(a!, b!), a!, op.sub(b!, a!)),
      op.gather(a!, op.sub(b!, op.scalarLike(b!, 4))),
      op.cast(op.reduceSum(a!, [0]), 'float32'),
    ],
  },
  {
    name: 'sizes, ranges and zeros',
    inputs: { x: { dims: [3, 2], shape: ['rows', 2] } },
    build: ({ x }) => [
      op.shapeVector(x!.graph, ['2*rows', 2]),
      op.range(x!.graph, 'rows', 4),
      op.zeros(x!.graph, 'float32', ['rows', 3]),
    ],
  },
  {
    name: 'products in 8 bits',
    inputs: { x: { dims: [3, 4], shape: ['rows', 4], from: [-5, 5] }, scale: { dims: [2], from: [0.1, 1] } },
    indices: {
      w: { shape: [4, 2], tensor: tensor('int8', [4, 2], Int8Array.of(1, -2, 3, 127, -128, 0, 9, 5)) },
    },
    build: ({ x, scale, w }) => op.quantizedMatMul(op.quantizeRows(x!), w!, scale!),
  },
  {
    name: 'weights in 8 and 4 bits',
    inputs: { scale: { dims: [2], from: [0.1, 1] } },
    indices: {
      w: { shape: [2, 3], tensor: tensor('int8', [2, 3], Int8Array.of(1, -2, 3, 127, -128, 0)) },
      pairs: {
        shape: [2, 3],
        tensor: tensor('uint8', [2, 3], Uint8Array.of(0x12, 0xff, 0x80, 0x08, 0, 0xa5)),
      },
      zero: { shape: [2], tensor: tensor('uint8', [2], Uint8Array.of(7, 128)) },
    },
    build: ({ scale, w, pairs, zero }) => [
      op.dequantizeRows(op.after(w!, scale!), scale!),
      op.dequantizeRows(op.lowNibbles(pairs!), scale!, zero),
      op.dequantizeRows(op.highNibbles(pairs!), scale!, zero),
    ],
  },
]

/** What a pass may hold none of: the devices' kernels differ most there. */
const EMPTY: readonly GradientCase[] = [
  {
    name: 'no past before the first tokens',
    inputs: { past: { dims: [0, 3], shape: ['past', 3] }, x: { dims: [2, 3], shape: ['seq', 3] } },
    indices: { at: { shape: ['n'], tensor: tensorOf('int64', [2], [-1, 0]) } },
    build: ({ past, x, at }) => {
      const all = op.concat([past!, x!], 0)
      const [before, rest] = op.split(all, 0, ['past', 'seq']) as [Value, Value]
      return [op.gather(all, at!), op.mul(before, before), rest, op.slice(all, 0, 0, 'past')]
    },
  },
  {
    name: 'rows of none',
    inputs: { x: { dims: [0, 4], shape: ['rows', 4] }, w: { dims: [5, 4] } },
    build: ({ x, w }) => [
      op.matMul(x!, w!, { transB: true }),
      op.reshape(op.exp(x!), ['rows', 2, 2]),
      op.transpose(x!, [1, 0]),
      op.pad(x!, 0, 0, 1),
      op.reduceSum(x!, [1], true),
      op.reduceSum(x!, [0]),
    ],
  },
]

function close(name: string, cpu: Tensor, gpu: Tensor): void {
  assert.deepEqual([gpu.dtype, ...gpu.dims], [cpu.dtype, ...cpu.dims], name)
  const [expected, found] = [toNumbers(cpu), toNumbers(gpu)]
  const largest = Math.max(...expected.map(Math.abs))
  const allowed = cpu.dtype === 'float32' ? TOLERANCE * largest : 0
  for (const [i, value] of expected.entries()) {
    const isClose = Math.abs(found[i]! - value) <= allowed
    assert.ok(isClose, `${name}[${i}] is ${found[i]} on WebGPU, ${value} on the CPU`)
  }
}

async function check(spec: GradientCase, withGradients = true): Promise<void> {
  const built = buildCase(spec, 'float32')
  const { graph, feeds, results } = built
  for (const [i, result] of results.entries()) graph.output(`result ${i}`, result)
  if (withGradients) outputGradients(built)
  for (const node of graph.nodes) seen.add(node.op)
  await using cpu = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  await using gpu = await GraphSession.open(graph, { device: 'webgpu', threads: 1 })
  const [expected, found] = [await cpu.run(feeds), await gpu.run(feeds)]
  for (const output of graph.outputs.keys())
    close(`${spec.name}: ${output}`, expected[output]!, found[output]!)
}

describe('WebGPU computes what the CPU computes', { skip: missing }, () => {
  for (const [name, cases] of Object.entries(OP_CASES))
    test(`${name} and its gradient`, async () => {
      for (const spec of cases) await check(spec)
    })
  for (const spec of [...COMPOSITE_CASES, ...BLOCK_CASES, ...EMPTY])
    test(`${spec.name}, and its gradient`, async () => await check(spec))
  for (const spec of FORWARD) test(spec.name, async () => await check(spec, false))

  test('every op is in one of these cases', () => {
    const untested = (Object.keys(vjpRules) as OpType[]).filter(name => !seen.has(name))
    assert.deepEqual(untested, [])
  })
})
