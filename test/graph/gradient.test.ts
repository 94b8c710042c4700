/** The walk: what it adds up, what it leaves out, what it refuses. The rules themselves are in vjp.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph } from '../../node/graph/graph.ts'
import * as op from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { tensorOf, toNumbers } from '../../node/graph/tensor.ts'

test('a value used twice gets both gradients, and one output may be asked for with its inputs', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float64', [])
  const square = op.mul(x, x)
  const loss = op.add(op.mul(square, x), square) // x³ + x²
  const [dx, dSquare] = gradients(loss, [x, square])
  graph.output('dx', dx!)
  graph.output('dSquare', dSquare!)
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const results = await session.run({ x: tensorOf('float64', [], [3]) })
  assert.deepEqual(toNumbers(results.dx!), [3 * 9 + 2 * 3])
  assert.deepEqual(toNumbers(results.dSquare!), [3 + 1])
})

test('the loss itself has gradient one, and a loss of shape [1, 1] keeps it', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n', 1])
  const loss = op.reduceSum(x, [0, 1], true)
  const [dLoss, dx] = gradients(loss, [loss, x])
  assert.deepEqual(dLoss!.shape, [1, 1])
  graph.output('dx', dx!)
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const results = await session.run({ x: tensorOf('float32', [2, 1], [5, 6]) })
  assert.deepEqual(toNumbers(results.dx!), [1, 1])
})

test('nothing is computed for values off the paths to a parameter', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['rows', 4])
  const frozen = graph.input('frozen', 'float32', [4, 4])
  const trained = graph.input('trained', 'float32', [4, 4])
  const loss = op.sumAll(op.matMul(op.exp(op.matMul(x, frozen)), trained))
  const before = graph.nodes.length
  gradients(loss, [trained])
  const added = graph.nodes.slice(before).map(node => node.op)
  assert.equal(added.filter(name => name === 'FusedMatMul').length, 1, added.join())
  assert.ok(!added.includes('Mul'), added.join())
})

test('a weight shared by a batch gets one product over all rows', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 'seq', 4])
  const w = graph.input('w', 'float32', [3, 4])
  const before = graph.nodes.length
  const [dw] = gradients(op.sumAll(op.matMul(x, w, { transB: true })), [w])
  const products = graph.nodes.slice(before + 1).filter(node => node.op === 'FusedMatMul')
  assert.deepEqual(
    products.map(node => node.outputs[0]!.shape),
    [[3, 4]],
  )
  assert.deepEqual(dw!.shape, [3, 4])
})

test('a parameter that the loss does not depend on is named', () => {
  const graph = new Graph()
  const [x, y] = [graph.input('x', 'float32', [2]), graph.input('y', 'float32', [2])]
  const loss = op.sumAll(x)
  assert.throws(() => gradients(loss, [x, y]), /does not depend on y/)
  const hidden = op.sumAll(op.mul(x, op.cast(op.less(y, x), 'float32')))
  assert.throws(() => gradients(hidden, [y]), /does not depend on y/)
})

test('a loss of many elements, an integer parameter and a foreign one are refused', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n'])
  const i = graph.input('i', 'int64', ['n'])
  assert.throws(() => gradients(x, [x]), TypeError)
  assert.throws(() => gradients(op.sumAll(x), [i]), TypeError)
  assert.throws(() => gradients(op.sumAll(x), [new Graph().input('x', 'float32', ['n'])]), TypeError)
})
