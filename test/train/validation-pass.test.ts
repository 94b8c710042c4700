/** Validation items go through the forward pass alone; their loss is that of the whole graph. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { onnx } from '../../node/graph/onnx.pb.js'
import { encodeModel } from '../../node/graph/onnx.ts'
import { GraphSession } from '../../node/graph/session.ts'
import { randomFrom } from '../../node/model/random.ts'
import { type MethodName, methods } from '../../node/peft/index.ts'
import { parseTrainConfig } from '../../node/train/config.ts'
import { Passes, stepPasses } from '../../node/train/passes.ts'
import { trainingGraph } from '../../node/train/training-graph.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase()
})
after(() => base.remove())

const EXAMPLES = [40, 3, 22, 7].map((length, id) => ({
  id: String(id),
  prompt: [1, 5, 9, ...Array.from({ length }, (_, i) => (7 * i + 11 * id) % 60)],
  completion: [7, 8, 2],
}))

const CASES: readonly (readonly [MethodName, object])[] = [
  ['lora', { rank: 4, dropout: 0.5 }],
  ['dora', { rank: 4 }],
  ['ia3', {}],
  ['full', {}],
]

for (const [name, options] of CASES) {
  test(`${name}: the forward pass alone measures what the whole graph does, nothing dropped`, async () => {
    const method = methods[name].prepare(options, base.config)
    const values = await method.initial(0, base.weights)
    for (const [, tensor] of values)
      for (const index of tensor.keys()) tensor[index] = tensor[index]! + 0.05 * Math.sin(index)
    const { graph, attached } = trainingGraph(base.config, base.weights, method)
    await using whole = await GraphSession.open(graph, { device: 'cpu' })
    await using part = await GraphSession.open(graph, { device: 'cpu', outputs: ['losses'] })
    const passes = new Passes(whole, attached, values, {})
    const alone = passes.on(part)
    const batches = stepPasses(EXAMPLES, parseTrainConfig({ batchTokens: 64 }), method.front.prefixTokens)
    const loss = await alone.loss(batches)
    assert.ok(Math.abs(loss - (await passes.loss(batches))) <= 1e-6, `${loss}`)
    const first = values.values().next().value!
    for (const index of first.keys()) first[index] = first[index]! * 0.5
    const changed = await alone.loss(batches)
    assert.notEqual(changed, loss) // parameters are read anew
    assert.ok(Math.abs(changed - (await passes.loss(batches))) <= 1e-6)
    await assert.rejects(alone.gradients(batches, randomFrom(1)), TypeError)
  })
}

test('a session of fewer outputs leaves out what only the others need', async () => {
  const method = methods.lora.prepare({}, base.config)
  const { graph } = trainingGraph(base.config, base.weights, method)
  const nodesOf = (bytes: Uint8Array) => onnx.ModelProto.decode(bytes).graph!.node!.length
  const whole = nodesOf(encodeModel(graph, { device: 'cpu' }))
  const part = nodesOf(encodeModel(graph, { device: 'cpu', outputs: ['losses'] }))
  assert.ok(part < whole / 2, `${part} nodes of ${whole}`)
  assert.throws(() => encodeModel(graph, { device: 'cpu', outputs: ['loss'] }), TypeError)
  assert.throws(() => encodeModel(graph, { device: 'cpu', outputs: [] }), TypeError)
  await assert.rejects(GraphSession.open(graph, { device: 'cpu', outputs: ['loss'] }), TypeError)
})
