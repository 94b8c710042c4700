/** Every composite's own gradient rule against central differences, and what it is for: nothing kept on the way. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { composite, logSumExp } from '../../node/graph/composite.ts'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph, type Value } from '../../node/graph/graph.ts'
import { exp, mul, scalarLike, sumAll } from '../../node/graph/ops.ts'
import { checkGradients } from './central-differences.ts'
import { COMPOSITE_CASES, rows } from './composite-cases.ts'

describe('gradients of composites', () => {
  for (const spec of COMPOSITE_CASES)
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
