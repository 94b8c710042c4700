/** The work of a graph: more of it for more, and for some outputs only what they need. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Effort } from '../../node/graph/effort.ts'
import { executionOf } from '../../node/graph/execution.ts'
import { Graph } from '../../node/graph/graph.ts'
import { encodeModel } from '../../node/graph/onnx.ts'
import { add, matMul } from '../../node/graph/ops.ts'

function execution() {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['rows', 256])
  const w = graph.input('w', 'float32', [256, 256])
  const once = matMul(x, w)
  graph.output('sum', add(x, x))
  graph.output('once', once)
  graph.output('twice', matMul(once, w))
  return executionOf(encodeModel(graph, { device: 'cpu' }))
}

test('more rows are more work, in proportion once they are many', () => {
  const effort = new Effort(execution())
  const [small, large, larger] = [1, 10_000, 20_000].map(rows => effort.of({ rows }))
  assert.ok(small! > 0 && small! < large!)
  assert.ok(Math.abs(larger! / large! - 2) < 0.02, `${larger! / large!}`)
})

test('for some outputs only what they follow from counts', () => {
  const sizes = { rows: 10_000 }
  const of = (names?: string[]) => new Effort(execution(), names).of(sizes)
  assert.ok(of(['sum']) < of(['once']))
  assert.ok(of(['once']) < of(['twice']))
  assert.ok(of(['twice']) < of())
  assert.equal(of(['sum', 'once', 'twice']), of())
})
