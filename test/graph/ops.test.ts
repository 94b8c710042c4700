/** What each op computes, against values worked out here, and what each op refuses while the graph is built. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Graph, type Value } from '../../node/graph/graph.ts'
import * as op from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { type DType, type Tensor, tensor, tensorOf, toNumbers } from '../../node/graph/tensor.ts'
import { random, randomTensor } from './gradient-case.ts'

type Built = Record<string, Value>

/** Feeds with their shapes (symbols allowed) in, named results out. */
async function compute(
  feeds: Record<string, { tensor: Tensor; shape?: readonly (number | string)[] }>,
  build: (inputs: Built, graph: Graph) => Built,
): Promise<Record<string, { dims: readonly number[]; values: number[] }>> {
  const graph = new Graph()
  const inputs: Built = {}
  for (const [name, { tensor, shape }] of Object.entries(feeds))
    inputs[name] = graph.input(name, tensor.dtype, shape ?? tensor.dims)
  for (const [name, value] of Object.entries(build(inputs, graph))) graph.output(name, value)
  await using session = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
  const results = await session.run(
    Object.fromEntries(Object.entries(feeds).map(([name, { tensor }]) => [name, tensor])),
  )
  return Object.fromEntries(
    Object.entries(results).map(([name, y]) => [name, { dims: y.dims, values: toNumbers(y) }]),
  )
}

function close(actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length)
  for (const [i, value] of actual.entries()) {
    assert.ok(
      Math.abs(value - expected[i]!) <= tolerance * Math.max(1, Math.abs(expected[i]!)),
      `[${i}] ${value} is not ${expected[i]}`,
    )
  }
}

const x23 = { tensor: tensorOf('float32', [2, 3], [1, -2, 3, 0.5, 0, -1]), shape: ['rows', 3] }

describe('values', () => {
  test('element by element', async () => {
    const x = [1, -2, 3, 0.5, 0, -1]
    const results = await compute({ x: x23 }, ({ x }) => ({
      neg: op.neg(x!),
      exp: op.exp(x!),
      log: op.log(op.exp(x!)),
      sqrt: op.sqrt(op.mul(x!, x!)),
      sigmoid: op.sigmoid(x!),
      silu: op.silu(x!),
      tanh: op.tanh(x!),
      cos: op.cos(x!),
      sin: op.sin(x!),
      identity: op.identity(x!),
      half: op.div(x!, op.scalarLike(x!, 2)),
      less: op.sub(x!, op.scalarLike(x!, 1)),
    }))
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))
    const expected: Record<string, (v: number) => number> = {
      neg: v => -v,
      exp: Math.exp,
      log: v => v,
      sqrt: Math.abs,
      sigmoid,
      silu: v => v * sigmoid(v),
      tanh: Math.tanh,
      cos: Math.cos,
      sin: Math.sin,
      identity: v => v,
      half: v => v / 2,
      less: v => v - 1,
    }
    for (const [name, f] of Object.entries(expected)) close(results[name]!.values, x.map(f))
  })

  test('comparisons and choice', async () => {
    const results = await compute({ x: x23 }, ({ x }) => {
      const half = op.scalarLike(x!, 0.5)
      return {
        less: op.less(x!, half),
        lessOrEqual: op.lessOrEqual(x!, half),
        greater: op.greater(x!, half),
        greaterOrEqual: op.greaterOrEqual(x!, half),
        equal: op.equal(x!, half),
        and: op.and(op.less(x!, half), op.not(op.equal(x!, op.scalarLike(x!, 0)))),
        or: op.or(op.greater(x!, half), op.equal(x!, half)),
        where: op.where(op.less(x!, half), op.scalarLike(x!, 9), x!),
      }
    })
    assert.deepEqual(results.less!.values, [0, 1, 0, 0, 1, 1])
    assert.deepEqual(results.lessOrEqual!.values, [0, 1, 0, 1, 1, 1])
    assert.deepEqual(results.greater!.values, [1, 0, 1, 0, 0, 0])
    assert.deepEqual(results.greaterOrEqual!.values, [1, 0, 1, 1, 0, 0])
    assert.deepEqual(results.equal!.values, [0, 0, 0, 1, 0, 0])
    assert.deepEqual(results.and!.values, [0, 1, 0, 0, 0, 1])
    assert.deepEqual(results.or!.values, [1, 0, 1, 1, 0, 0])
    assert.deepEqual(results.where!.values, [1, 9, 3, 0.5, 9, 9])
  })

  test('softmax, log-softmax and reductions', async () => {
    const results = await compute({ x: x23 }, ({ x }) => ({
      softmax: op.softmax(x!, 1),
      logSoftmax: op.logSoftmax(op.add(x!, op.scalarLike(x!, 1000)), -1),
      sum: op.reduceSum(x!, [0]),
      mean: op.reduceMean(x!, [-1], true),
      max: op.reduceMax(x!, [0, 1]),
      all: op.sumAll(x!),
    }))
    const rows = [
      [1, -2, 3],
      [0.5, 0, -1],
    ]
    const softmax = rows.flatMap(row => {
      const e = row.map(Math.exp)
      return e.map(v => v / e.reduce((a, b) => a + b))
    })
    close(results.softmax!.values, softmax)
    close(results.logSoftmax!.values, softmax.map(Math.log), 1e-4)
    assert.deepEqual(results.sum, { dims: [3], values: [1.5, -2, 2] })
    close(results.mean!.values, [2 / 3, -1 / 6])
    assert.deepEqual(results.mean!.dims, [2, 1])
    assert.deepEqual(results.max, { dims: [], values: [3] })
    assert.deepEqual(results.all, { dims: [], values: [1.5] })
  })

  test('moving data', async () => {
    const x = { tensor: tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]), shape: ['rows', 3] }
    const results = await compute({ x }, ({ x }) => {
      const [head, tail] = op.split(x!, 1, [1, 2]) as [Value, Value]
      return {
        folded: op.reshape(x!, ['3*rows']),
        turned: op.transpose(x!, [1, 0]),
        joined: op.concat([x!, x!], 0),
        head,
        tail,
        last: op.slice(x!, 0, -1),
        middle: op.slice(x!, 1, 1, 2),
        padded: op.pad(op.slice(x!, 0, 0, 1), 1, 1, 1),
        repeated: op.expand(op.slice(x!, 0, 0, 1), ['rows', 3]),
        thin: op.unsqueeze(x!, [0, 2]),
        flat: op.squeeze(op.unsqueeze(x!, [1]), [1]),
      }
    })
    assert.deepEqual(results.folded, { dims: [6], values: [1, 2, 3, 4, 5, 6] })
    assert.deepEqual(results.turned, { dims: [3, 2], values: [1, 4, 2, 5, 3, 6] })
    assert.deepEqual(results.joined!.dims, [4, 3])
    assert.deepEqual(results.head, { dims: [2, 1], values: [1, 4] })
    assert.deepEqual(results.tail, { dims: [2, 2], values: [2, 3, 5, 6] })
    assert.deepEqual(results.last, { dims: [1, 3], values: [4, 5, 6] })
    assert.deepEqual(results.middle, { dims: [2, 1], values: [2, 5] })
    assert.deepEqual(results.padded, { dims: [1, 5], values: [0, 1, 2, 3, 0] })
    assert.deepEqual(results.repeated, { dims: [2, 3], values: [1, 2, 3, 1, 2, 3] })
    assert.deepEqual(results.thin!.dims, [1, 2, 1, 3])
    assert.deepEqual(results.flat, { dims: [2, 3], values: [1, 2, 3, 4, 5, 6] })
  })

  test('indexing', async () => {
    const x = { tensor: tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]) }
    const at = { tensor: tensorOf('int64', [3], [2, 0, 2]), shape: ['n'] }
    const pick = { tensor: tensorOf('int64', [3, 1], [1, 0, 1]) }
    const results = await compute({ x, at, pick }, ({ x, at, pick }, graph) => ({
      rows: op.gather(x!, at!),
      columns: op.gather(x!, op.reshape(pick!, [3]), 1),
      picked: op.gatherElements(x!, pick!, 1),
      added: op.scatterElements(x!, pick!, op.gatherElements(x!, pick!, 1), 1),
      range: op.range(graph, 2, 'n'),
      zeros: op.zeros(graph, 'float32', ['n', 1]),
      int: op.cast(x!, 'int32'),
    }))
    assert.deepEqual(results.rows, { dims: [3, 2], values: [5, 6, 1, 2, 5, 6] })
    assert.deepEqual(results.columns, { dims: [3, 3], values: [2, 1, 2, 4, 3, 4, 6, 5, 6] })
    assert.deepEqual(results.picked, { dims: [3, 1], values: [2, 3, 6] })
    assert.deepEqual(results.added!.values, [1, 4, 6, 4, 5, 12])
    assert.deepEqual(results.range, { dims: [3], values: [2, 3, 4] })
    assert.deepEqual(results.zeros, { dims: [3, 1], values: [0, 0, 0] })
    assert.deepEqual(results.int!.values, [1, 2, 3, 4, 5, 6])
  })

  test('shape arithmetic at run time: sums and products of symbols', async () => {
    const a = { tensor: tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]), shape: ['batch', 'seq'] }
    const b = { tensor: tensorOf('float32', [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), shape: ['batch', 'past'] }
    const results = await compute({ a, b }, ({ a, b }, graph) => {
      const joined = op.concat([b!, a!], 1)
      return {
        turned: op.reshape(joined, ['past+seq', 'batch']),
        size: op.dimensionOf(graph, 'batch*past+batch*seq+-1'),
        new: op.slice(joined, 1, 'past'),
      }
    })
    assert.deepEqual(results.turned!.dims, [7, 2])
    assert.deepEqual(results.size!.values, [13])
    assert.deepEqual(results.new, { dims: [2, 3], values: [1, 2, 3, 4, 5, 6] })
  })
})

test('products of both float types agree with sums written out, in every form', async () => {
  const next = random(3)
  const m = 3
  const k = 4
  const n = 2
  for (const [batchA, batchB] of [
    [[], []],
    [[2], [2]],
    [[2, 2], []],
    [[], [2]],
    [
      [2, 1],
      [1, 3],
    ],
  ] as const) {
    const graph = new Graph()
    const feeds: Record<string, Tensor> = {}
    const expected: Record<string, number[]> = {}
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        for (const alpha of [1, 0.25]) {
          const a = randomTensor(next, { dims: [...batchA, ...(transA ? [k, m] : [m, k])] })
          const b = randomTensor(next, { dims: [...batchB, ...(transB ? [n, k] : [k, n])] })
          const name = `${transA}-${transB}-${alpha}`
          for (const dtype of ['float32', 'float64'] as const) {
            const inputs = [a, b].map((t, i) => {
              feeds[`${name}-${dtype}-${i}`] =
                dtype === 'float64' ? t : tensor(dtype, t.dims, Float32Array.from(toNumbers(t)))
              return graph.input(`${name}-${dtype}-${i}`, dtype, t.dims)
            }) as [Value, Value]
            graph.output(`${name}-${dtype}`, op.matMul(...inputs, { transA, transB, alpha }))
            expected[`${name}-${dtype}`] = product(a, b, { m, k, n, transA, transB, alpha })
          }
        }
      }
    }
    await using session = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
    const results = await session.run(feeds)
    for (const [name, values] of Object.entries(expected)) {
      close(toNumbers(results[name]!), values, name.endsWith('32') ? 1e-5 : 1e-12)
    }
  }
})

interface Form {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly transA: boolean
  readonly transB: boolean
  readonly alpha: number
}

/** The product by its definition, for leading axes of rank at most 2. */
function product(a: Tensor, b: Tensor, { m, k, n, transA, transB, alpha }: Form): number[] {
  const [dataA, dataB] = [toNumbers(a), toNumbers(b)]
  const rank = Math.max(a.dims.length, b.dims.length) - 2
  const lead = (t: Tensor) => [...Array(rank - t.dims.length + 2).fill(1), ...t.dims.slice(0, -2)] as number[]
  const [leadA, leadB] = [lead(a), lead(b)]
  const leadY = leadA.map((d, i) => Math.max(d, leadB[i]!))
  const count = leadY.reduce((x, y) => x * y, 1)
  const offset = (dims: number[], index: number[]) =>
    dims.reduce((at, d, i) => at * d + (d === 1 ? 0 : index[i]!), 0)
  const y: number[] = []
  for (let batch = 0; batch < count; batch++) {
    const index = leadY.map((d, i) => Math.floor(batch / leadY.slice(i + 1).reduce((x, z) => x * z, 1)) % d)
    const [baseA, baseB] = [offset(leadA, index) * m * k, offset(leadB, index) * k * n]
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let l = 0; l < k; l++) {
          sum +=
            dataA[baseA + (transA ? l * m + i : i * k + l)]! *
            dataB[baseB + (transB ? j * k + l : l * n + j)]!
        }
        y.push(alpha * sum)
      }
    }
  }
  return y
}

describe('what does not fit is a TypeError while the graph is built', () => {
  const graph = new Graph()
  const f = (dims: readonly (number | string)[], dtype: DType = 'float32') =>
    graph.input(`${dtype}${graph.inputs.length}`, dtype, dims)
  const x = f(['batch', 3])
  const i = f(['batch'], 'int64')
  const b = f([3], 'bool')
  const refused: Record<string, () => unknown> = {
    'types differ': () => op.add(x, f([3], 'float64')),
    'shapes do not broadcast': () => op.mul(x, f([4])),
    'a symbol against a number': () => op.mul(i, f([4], 'int64')),
    'two symbols': () => op.add(f(['seq']), f(['batch'])),
    'a boolean sum': () => op.add(b, b),
    'an integer root': () => op.sqrt(i),
    'not of a number': () => op.not(x),
    'and of numbers': () => op.and(x, x),
    'a condition that is no boolean': () => op.where(x, x, x),
    'branches of two types': () => op.where(b, x, f([3], 'float64')),
    'inner axes of a product': () => op.matMul(x, x),
    'a vector in a product': () => op.matMul(x, f([3])),
    'integers in a product': () => op.matMul(f([2, 2], 'int64'), f([2, 2], 'int64')),
    'batches of a product': () => op.matMul(f([2, 3, 4]), f([3, 4, 5])),
    'softmax of integers': () => op.softmax(i, 0),
    'softmax of a missing axis': () => op.softmax(x, 2),
    'no axis to reduce': () => op.reduceSum(x, []),
    'an axis reduced twice': () => op.reduceSum(x, [1, -1]),
    'a reduced boolean': () => op.reduceMax(b, [0]),
    'a reshape to another size': () => op.reshape(x, ['batch', 4]),
    'a reshape with two holes': () => op.reshape(x, [-1, -1]),
    'a reshape that does not divide': () => op.reshape(x, [2, -1]),
    'an unknown symbol': () => op.zeros(graph, 'float32', ['nowhere']),
    'a permutation too short': () => op.transpose(x, [0]),
    'a permutation that repeats': () => op.transpose(x, [1, 1]),
    'nothing to join': () => op.concat([], 0),
    'parts of other widths': () => op.concat([x, f(['batch', 4]), f([1, 4])], 0),
    'parts of other types': () => op.concat([x, f(['batch', 3], 'float64')], 0),
    'pieces that do not add up': () => op.split(x, 1, [1, 1]),
    'a slice past the end': () => op.slice(x, 1, 0, 4),
    'a slice backwards': () => op.slice(x, 1, 2, 1),
    'padded integers': () => op.pad(i, 0, 1, 1),
    'an expansion to fewer': () => op.expand(x, ['batch', 1]),
    'an axis put in twice': () => op.unsqueeze(x, [0, 0]),
    'an axis that is not 1 taken out': () => op.squeeze(x, [1]),
    'float indices': () => op.gather(x, x),
    'indices of other rank': () => op.gatherElements(x, i, 1),
    'indices of other rows': () => op.gatherElements(x, f([2, 1], 'int64'), 1),
    'updates of another shape': () => op.scatterElements(x, f(['batch', 1], 'int64'), x, 1),
    'another graph': () => op.add(x, new Graph().input('y', 'float32', [3])),
    'a name twice': () => graph.input(x.name, 'float32', [1]),
    'a symbol that is no name': () => graph.input('bad', 'float32', ['a+b']),
    'an output twice': () => [graph.output('y', x), graph.output('y', x)],
    'a weight of other length': () =>
      graph.weight('w', 'float32', [2, 2], { path: 'w', offset: 0, length: 15 }),
    'a constant of other length': () =>
      graph.constant({ dtype: 'float32', dims: [2], data: new Float32Array(3) }),
    'an array of another kind': () => tensor('float32', [1], new Float64Array(1)),
  }
  for (const [text, build] of Object.entries(refused)) test(text, () => assert.throws(build, TypeError))
})

test('equal nodes and constants are made once', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n', 2])
  assert.equal(op.add(x, op.scalarLike(x, 1)), op.add(x, op.scalarLike(x, 1)))
  assert.equal(op.dimensionOf(graph, 'n'), op.dimensionOf(graph, 'n'))
  assert.notEqual(op.softmax(x, 0), op.softmax(x, 1))
  assert.notEqual(op.scalar(graph, 'float32', 0), op.scalar(graph, 'float32', -0))
})
