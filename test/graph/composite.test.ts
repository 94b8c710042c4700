/** Every composite's own gradient rule against central differences, and what it is for: nothing kept on the way. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { composite, logSumExp, rmsNorm, rotateHalves, swiGlu } from '../../node/graph/composite.ts'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph, type Value } from '../../node/graph/graph.ts'
import { cos, exp, mul, scalarLike, sin, sumAll } from '../../node/graph/ops.ts'
import { tensorOf } from '../../node/graph/tensor.ts'
import { attendSequences, BLOCKS, type Sequences } from '../../node/model/attention.ts'
import { checkGradients, type GradientCase } from './central-differences.ts'

const rows = { dims: [3, 4], shape: ['rows', 4] } as const

const int = (shape: readonly (number | string)[], dims: readonly number[], values: readonly number[]) => ({
  shape,
  tensor: tensorOf('int64', dims, values),
})

/** Two sequences of 5 and 3 tokens that share their first two: seven places in all, rows padded to 4. */
const INDICES = {
  prefix: int(['prefix'], [2], [0, 1]),
  grid: int(['rows', BLOCKS, 'block'], [2, BLOCKS, 1], [2, 3, 4, -1, 5, -1, -1, -1]),
  flat: int(['tokens'], [6], [0, 1, 2, 3, 4, 6]),
}
const heads = (count: number) => ({ dims: [6, count, 2], shape: ['tokens', count, 2] }) as const

function attention(name: string, window: number | undefined, learned: boolean): GradientCase {
  return {
    name,
    inputs: {
      q: heads(4),
      k: heads(2),
      v: heads(2),
      ...(learned ? { keys: { dims: [3, 2, 2] }, values: { dims: [3, 2, 2] } } : {}),
    },
    indices: INDICES,
    build: ({ q, k, v, keys, values, ...at }) =>
      attendSequences(
        at as unknown as Sequences,
        q!,
        k!,
        v!,
        { scale: 0.7, ...(window === undefined ? {} : { window }) },
        keys && values && { keys, values },
      ),
  }
}

const CASES: readonly GradientCase[] = [
  {
    name: 'rms norm',
    inputs: { x: rows, weight: { dims: [4] } },
    build: ({ x, weight }) => rmsNorm(x!, weight!, 1e-3),
  },
  { name: 'SwiGLU', inputs: { gate: rows, up: rows }, build: ({ gate, up }) => swiGlu(gate!, up!) },
  {
    name: 'rotation',
    inputs: { x: { dims: [3, 2, 4], shape: ['tokens', 2, 4] } },
    indices: {
      angles: { shape: ['tokens', 2], tensor: tensorOf('float64', [3, 2], [0.1, 0.7, -2, 3, 1, 0]) },
    },
    build: ({ x, angles }) => rotateHalves(x!, cos(angles!), sin(angles!)),
  },
  { name: 'log-sum-exp', inputs: { x: { ...rows, from: [-3, 3] } }, build: ({ x }) => logSumExp(x!) },
  attention('attention over sequences that share a prefix', undefined, false),
  attention('attention with a window', 2, false),
  attention('attention with learned keys in front', undefined, true),
  attention('attention with a window and learned keys', 4, true),
]

describe('gradients of composites', () => {
  for (const spec of CASES)
    test(spec.name, async () => {
      await checkGradients(spec)
    })
})

test('a rule computes anew: its nodes read the inputs, not what the forward pass made on the way', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['rows'])
  let inner: Value | undefined
  const y = composite(
    [x],
    () => {
      inner = exp(x)
      return mul(inner, scalarLike(x, 2))
    },
    g => [mul(g, mul(exp(x), scalarLike(x, 2)))],
  )
  const loss = sumAll(y)
  const forward = graph.nodes.length
  gradients(loss, [x])
  assert.ok(graph.nodes.slice(forward).some(({ op }) => op === 'Exp'))
  assert.ok(!graph.nodes.slice(forward).some(({ inputs }) => inputs.includes(inner!)))
})

test('a value that is used outside of a composite too gets both gradients', async () => {
  await checkGradients({
    name: 'composite and plain use',
    inputs: { x: rows },
    build: ({ x }) => [logSumExp(x!), exp(x!), mul(x!, x!)],
  })
})
