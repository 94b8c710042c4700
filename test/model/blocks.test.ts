/** GELU's and LayerNorm's own gradient rules against central differences, and their values against the plain formulas. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph } from '../../node/graph/graph.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { tensorOf, toNumbers } from '../../node/graph/tensor.ts'
import { geGlu, gelu, layerNorm } from '../../node/model/blocks.ts'
import { checkGradients } from '../graph/central-differences.ts'

const rows = { dims: [3, 4], shape: ['rows', 4], from: [-3, 3] } as const

test('gradients agree with central differences', async () => {
  await checkGradients({ name: 'GELU', inputs: { x: rows }, build: ({ x }) => gelu(x!) })
  await checkGradients({
    name: 'gated GELU',
    inputs: { gate: rows, up: rows },
    build: ({ gate, up }) => geGlu(gate!, up!),
  })
  await checkGradients({
    name: 'LayerNorm',
    inputs: { x: rows, weight: { dims: [4] }, bias: { dims: [4] } },
    build: ({ x, weight, bias }) => layerNorm(x!, weight!, bias!, 1e-3),
  })
})

test('values are those of the formulas', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float64', [1, 4])
  const gain = graph.constant(tensorOf('float64', [4], [1, 2, 3, 4]))
  const bias = graph.constant(tensorOf('float64', [4], [0, 0, 1, -1]))
  graph.output('gelu', gelu(x))
  graph.output('normed', layerNorm(x, gain, bias, 1e-5))
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const values = [-2, -0.5, 0, 3]
  const { gelu: curve, normed } = await session.run({ x: tensorOf('float64', [1, 4], values) })
  for (const [i, value] of values.entries()) {
    const bend = Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3))
    assert.ok(Math.abs(toNumbers(curve!)[i]! - 0.5 * value * (1 + bend)) < 1e-12)
    const mean = 0.125
    const deviation = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 4 + 1e-5)
    const expected = ((value - mean) / deviation) * (i + 1) + [0, 0, 1, -1][i]!
    assert.ok(Math.abs(toNumbers(normed!)[i]! - expected) < 1e-12)
  }
})
