/** What is computed anew for the backward pass: less memory, and not another bit in any result. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { executionOf } from '../../node/graph/execution.ts'
import { footprint } from '../../node/graph/footprint.ts'
import { encodeModel } from '../../node/graph/onnx.ts'
import type { Recomputed } from '../../node/graph/recompute.ts'
import { GraphSession } from '../../node/graph/session.ts'
import type { Tensor } from '../../node/graph/tensor.ts'
import { batchFeeds, packExamples } from '../../node/model/batch.ts'
import { randomFrom } from '../../node/model/random.ts'
import { type MethodName, methods } from '../../node/peft/index.ts'
import { type TrainingGraph, trainingGraph } from '../../node/train/training-graph.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase({ num_hidden_layers: 4 })
})
after(() => base.remove())

const EXAMPLES = [
  { id: 'a', prompt: [1, 5, 9, 11], completion: [7, 8, 2] },
  { id: 'b', prompt: [1, 5, 21, 22, 23, 24, 25], completion: [30, 2] },
  { id: 'c', prompt: [1, 5], completion: [40, 41, 42, 43, 2] },
]

const OPTIONS: Readonly<Record<MethodName, object>> = {
  lora: { rank: 4, dropout: 0.1, targets: 'q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj' },
  dora: { rank: 4, dropout: 0.1 },
  ia3: {},
  'prompt-tuning': { virtualTokens: 3 },
  'prefix-tuning': { virtualTokens: 3, init: 'random' },
  full: {},
}

for (const [name, options] of Object.entries(OPTIONS) as [MethodName, object][]) {
  test(`${name}: losses and gradients are the same to the bit`, async () => {
    const method = methods[name].prepare(options, base.config)
    const parameters = await method.initial(1, base.weights)
    const random = randomFrom(2)
    for (const values of parameters.values())
      for (let i = 0; i < values.length; i++) values[i]! += 0.1 * random.normal()
    const { virtualIds, prefixTokens } = method.front
    const behind = EXAMPLES.map(example => ({ ...example, prompt: [...virtualIds, ...example.prompt] }))
    const batch = packExamples(behind, 100, prefixTokens)[0]!

    async function results({ graph, attached }: TrainingGraph): Promise<Record<string, Tensor>> {
      const sizes = { tokens: batch.tokens.length, labels: batch.targets.length }
      const feeds: Record<string, Tensor> = {
        ...batchFeeds(batch),
        ...attached.noise(sizes, randomFrom(3)),
        scale: { dtype: 'float32', dims: [], data: Float32Array.of(0.1) },
      }
      for (const [parameter, { shape }] of attached.parameters)
        feeds[parameter] = { dtype: 'float32', dims: shape as number[], data: parameters.get(parameter)! }
      await using session = await GraphSession.open(graph, { device: 'cpu', threads: 1 })
      return await session.run(feeds)
    }

    const build = (what: Recomputed) => trainingGraph(base.config, base.weights, method, undefined, what)
    const expected = await results(build('nothing'))
    for (const what of ['cheap', 'layers'] as const)
      assert.deepEqual(await results(build(what)), expected, what)
  })
}

test('of a deep model, a third is left where layers are computed anew', async t => {
  const deep = await tinyBase({ num_hidden_layers: 20 })
  t.after(() => deep.remove())
  const sizes = { tokens: 1000, prefix: 50, rows: 10, block: 24, labels: 50 }
  const method = methods.lora.prepare(OPTIONS.lora, deep.config)
  const memory = (['nothing', 'cheap', 'layers'] as const).map(what => {
    const { graph } = trainingGraph(deep.config, deep.weights, method, undefined, what)
    return footprint(executionOf(encodeModel(graph, { device: 'cpu' })), [sizes]).inUse
  })
  const [all, some, least] = memory as [number, number, number]
  assert.ok(some < 0.75 * all && least < 0.35 * all, `${memory.join(', ')} bytes`)
})
