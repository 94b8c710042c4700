/** GELU's and LayerNorm's own gradient rules against central differences, and their values against the plain formulas. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph } from '../../node/graph/graph.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { tensorOf, toNumbers } from '../../node/graph/tensor.ts'
import { gelu, layerNorm } from '../../node/model/blocks.ts'
import { checkGradients } from '../graph/central-differences.ts'
import { BLOCK_CASES } from '../graph/composite-cases.ts'

for (const spec of BLOCK_CASES)
  test(`the gradient of ${spec.name} agrees with central differences`, async () => {
    await checkGradients(spec)
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
