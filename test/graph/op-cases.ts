/** Small graphs for every op with a gradient rule, in any float type: what each device is held to. */
import type { Value } from '../../node/graph/graph.ts'
import type { OpType } from '../../node/graph/op.ts'
import * as op from '../../node/graph/ops.ts'
import { tensorOf } from '../../node/graph/tensor.ts'
import type { GradientCase, Input } from './gradient-case.ts'

const int = (dims: readonly number[], values: readonly number[]) => ({
  shape: dims,
  tensor: tensorOf('int64', dims, values),
})
const bits = (dims: readonly number[], values: readonly number[]) => ({
  shape: dims,
  tensor: tensorOf('bool', dims, values),
})

function unary(
  name: string,
  build: (x: Value) => Value,
  from: readonly [number, number] = [-2, 2],
): GradientCase {
  return { name, inputs: { x: { dims: [2, 3], shape: ['rows', 3], from } }, build: ({ x }) => build(x!) }
}

/** A two-sided op with every way of broadcasting: none, either side, both, by rank, and by symbol. */
function binary(name: string, build: (a: Value, b: Value) => Value): GradientCase[] {
  const from = [0.5, 2] as const
  const shapes: [string, Input, Input][] = [
    ['equal shapes', { dims: [2, 3], from }, { dims: [2, 3], from }],
    ['right of lower rank', { dims: [2, 3], from }, { dims: [3], from }],
    ['left scalar', { dims: [], from }, { dims: [2, 2], from }],
    ['both sides stretched', { dims: [2, 1, 3], from }, { dims: [1, 4, 1], from }],
    ['symbolic axis', { dims: [2, 3], shape: ['batch', 'seq'], from }, { dims: [3], shape: ['seq'], from }],
  ]
  return shapes.map(([text, a, b]) => ({
    name: `${name}, ${text}`,
    inputs: { a, b },
    build: ({ a, b }) => build(a!, b!),
  }))
}

function products(): GradientCase[] {
  const cases: GradientCase[] = []
  const kinds: [string, readonly number[], readonly number[]][] = [
    ['matrices', [], []],
    ['batch by batch', [2], [2]],
    ['batch by matrix', [2, 2], []],
    ['matrix by batch', [], [2]],
    ['batches that broadcast', [2, 1], [1, 3]],
  ]
  for (const [text, batchA, batchB] of kinds) {
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        for (const alpha of [1, -0.5]) {
          cases.push({
            name: `product of ${text}, transA ${transA}, transB ${transB}, alpha ${alpha}`,
            inputs: {
              a: { dims: [...batchA, ...(transA ? [3, 2] : [2, 3])] },
              b: { dims: [...batchB, ...(transB ? [4, 3] : [3, 4])] },
            },
            build: ({ a, b }) => op.matMul(a!, b!, { transA, transB, alpha }),
          })
        }
      }
    }
  }
  cases.push({
    name: 'product with symbolic batch and sequence by a stored weight',
    inputs: { x: { dims: [2, 3, 4], shape: ['batch', 'seq', 4] }, w: { dims: [5, 4] } },
    build: ({ x, w }) => op.matMul(x!, w!, { transB: true }),
  })
  return cases
}

function reductions(
  name: string,
  reduce: (x: Value, axes: readonly number[], keep: boolean) => Value,
): GradientCase[] {
  const x: Input = { dims: [2, 3, 2], shape: ['batch', 3, 'seq'] }
  return [
    { name: `${name} of the last axis`, inputs: { x }, build: ({ x }) => reduce(x!, [-1], false) },
    { name: `${name} of two axes, kept`, inputs: { x }, build: ({ x }) => reduce(x!, [0, 1], true) },
    { name: `${name} of all axes`, inputs: { x }, build: ({ x }) => reduce(x!, [0, 1, 2], false) },
  ]
}

const along = { dims: [3, 4], shape: ['rows', 4] } as const satisfies Input

export const OP_CASES: Partial<Record<OpType, readonly GradientCase[]>> = {
  Add: binary('sum', op.add),
  Sub: binary('difference', op.sub),
  Mul: [...binary('product', op.mul), unary('square, one value twice', x => op.mul(x, x))],
  Div: binary('quotient', op.div),
  Neg: [unary('negation', op.neg)],
  Abs: [unary('absolute value', op.abs)],
  Sqrt: [unary('square root', op.sqrt, [0.5, 2])],
  Exp: [unary('exponential', op.exp)],
  Log: [unary('logarithm', op.log, [0.5, 2])],
  Sigmoid: [unary('sigmoid', op.sigmoid), unary('silu', op.silu)],
  Tanh: [unary('tanh', op.tanh)],
  Cos: [unary('cosine', op.cos)],
  Sin: [unary('sine', op.sin)],
  Where: [
    {
      name: 'choice, branches broadcast',
      inputs: { a: { dims: [2, 3] }, b: { dims: [1] } },
      indices: { c: bits([3], [1, 0, 1]) },
      build: ({ c, a, b }) => op.where(c!, a!, b!),
    },
  ],
  Cast: [
    {
      name: 'float32 and back',
      inputs: { x: { dims: [4], values: [0.25, -0.5, 1, 2] } },
      build: ({ x }) => op.cast(op.cast(x!, 'float32'), 'float64'),
      step: 0.25,
    },
  ],
  Identity: [unary('identity', op.identity)],
  FusedMatMul: products(),
  Softmax: [
    unary('softmax of the last axis', x => op.softmax(x, -1)),
    unary('softmax of the first axis', x => op.softmax(x, 0)),
  ],
  LogSoftmax: [
    unary('log-softmax', x => op.logSoftmax(x, -1)),
    unary('log-softmax of the first axis', x => op.logSoftmax(x, 0)),
  ],
  ReduceSum: reductions('sum', op.reduceSum),
  ReduceMean: reductions('mean', op.reduceMean),
  ReduceMax: reductions('maximum', op.reduceMax),
  Gather: [
    {
      name: 'rows of a table, with repeats and a negative index',
      inputs: { x: { dims: [4, 3] } },
      indices: { at: { shape: ['batch', 'seq'], tensor: tensorOf('int64', [2, 3], [1, 1, 3, -1, 0, 1]) } },
      build: ({ x, at }) => op.gather(x!, at!),
    },
    {
      name: 'columns of the middle axis',
      inputs: { x: { dims: [2, 3, 2], shape: ['batch', 3, 'seq'] } },
      indices: { at: int([2, 2], [2, 0, 2, 1]) },
      build: ({ x, at }) => op.gather(x!, at!, 1),
    },
    {
      name: 'one index without an axis',
      inputs: { x: along },
      indices: { at: int([], [1]) },
      build: ({ x, at }) => op.gather(x!, at!, -1),
    },
  ],
  GatherElements: [
    {
      name: 'one element a row',
      inputs: { x: along },
      indices: { at: { shape: ['rows', 1], tensor: tensorOf('int64', [3, 1], [2, 0, 3]) } },
      build: ({ x, at }) => op.gatherElements(x!, at!, 1),
    },
    {
      name: 'repeated elements of a column',
      inputs: { x: { dims: [3, 2] } },
      indices: { at: int([4, 2], [2, 0, 2, 1, 0, 1, 2, 2]) },
      build: ({ x, at }) => op.gatherElements(x!, at!, 0),
    },
  ],
  ScatterElements: [
    {
      name: 'elements added, with repeats',
      inputs: { x: { dims: [3, 4] }, updates: { dims: [3, 2] } },
      indices: { at: int([3, 2], [2, 2, 0, 1, 3, 3]) },
      build: ({ x, at, updates }) => op.scatterElements(x!, at!, updates!, 1),
    },
  ],
  Reshape: [
    {
      name: 'axes folded and unfolded, symbolic',
      inputs: { x: { dims: [2, 3, 4], shape: ['batch', 'seq', 4] } },
      build: ({ x }) => {
        const folded = op.reshape(x!, ['batch*seq', 4])
        return op.mul(op.reshape(folded, ['seq', 'batch', 2, -1]), op.reshape(x!, ['seq', 'batch', 2, 2]))
      },
    },
  ],
  Transpose: [
    {
      name: 'three axes turned',
      inputs: { x: { dims: [2, 3, 4], shape: ['batch', 'seq', 4] } },
      build: ({ x }) => op.transpose(x!, [2, 0, 1]),
    },
  ],
  Concat: [
    {
      name: 'three parts, a symbolic axis',
      inputs: {
        past: { dims: [2, 2], shape: ['past', 2] },
        x: { dims: [3, 2], shape: ['seq', 2] },
        one: { dims: [1, 2] },
      },
      build: ({ past, x, one }) => op.concat([past!, x!, one!, x!], 0),
    },
  ],
  Split: [
    {
      name: 'a part unused, a part used twice',
      inputs: { x: { dims: [5, 2], shape: ['rows', 2] }, y: { dims: [2], shape: ['n'] } },
      build: ({ x, y }) => {
        const [a, , c] = op.split(op.concat([x!, x!], 0), 0, [2, 'rows', 'rows+-2'])
        const [left, right] = op.split(y!, 0, [1, 'n+-1'])
        return [op.mul(a!, a!), c!, op.mul(left!, right!)]
      },
    },
  ],
  Slice: [
    {
      name: 'ends of a symbolic axis, middle of a fixed one',
      inputs: { x: { dims: [4, 5], shape: ['seq', 5] } },
      build: ({ x }) => [
        op.slice(x!, 0, -1),
        op.slice(x!, 0, 1),
        op.slice(x!, 1, 1, 3),
        op.slice(x!, 1, 0, -2),
        op.slice(x!, 0, 'seq+-3', 'seq+-1'),
      ],
    },
  ],
  Pad: [
    {
      name: 'zeros around, fixed and symbolic',
      inputs: { x: { dims: [2, 3], shape: ['rows', 3] } },
      build: ({ x }) => [op.pad(x!, 1, 1, 2), op.pad(x!, 0, 'rows', 0)],
    },
  ],
  Expand: [
    {
      name: 'a row repeated, symbolic',
      inputs: { x: { dims: [1, 3] }, y: { dims: [2], shape: ['batch'] } },
      build: ({ x, y }) => [op.expand(x!, ['batch', 3]), op.expand(y!, [4, 'batch'])],
    },
  ],
  Unsqueeze: [unary('axes put in', x => op.unsqueeze(x, [0, -1]))],
  Squeeze: [
    { name: 'axes taken out', inputs: { x: { dims: [1, 3, 1] } }, build: ({ x }) => op.squeeze(x!, [0, -1]) },
  ],
}
