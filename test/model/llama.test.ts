import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph, type Value } from '../../node/graph/graph.ts'
import { sumAll } from '../../node/graph/ops.ts'
import { GraphSession } from '../../node/graph/session.ts'
import type { Tensor } from '../../node/graph/tensor.ts'
import { headWeight, hiddenStates } from '../../node/model/architectures.ts'
import { type Batch, batchFeeds, type Example, packExamples } from '../../node/model/batch.ts'
import { packedLayout } from '../../node/model/layout.ts'
import { labelHits, labelLogits, labelLosses } from '../../node/model/loss.ts'
import { randomFrom } from '../../node/model/random.ts'
import { weightShapes } from '../../node/model/weights.ts'
import { type TestBase, tinyBase } from './bases.ts'

const random = randomFrom(11)
const ids = (count: number) => Array.from({ length: count }, () => random.below(61))
const SHARED = ids(3)
const EXAMPLES: Example[] = [5, 9, 3, 14, 1].map((length, i) => ({
  id: String(i),
  prompt: [...SHARED, ...ids(length)],
  completion: ids(1 + (length % 4)),
}))

/** A graph with all weights as inputs, and how to run it on a batch. */
async function forward(
  base: TestBase,
  dtype: 'float32' | 'float64',
  build: (
    graph: Graph,
    parts: {
      losses: Value
      hidden: Value
      head: Value
      targets: Value
      weights: ReadonlyMap<string, Value>
    },
  ) => void,
) {
  const graph = new Graph()
  const layout = packedLayout(graph)
  const { targets } = layout.inputs
  const weights = new Map(
    [...weightShapes(base.config)].map(([name, shape]) => [name, graph.input(name, dtype, shape)]),
  )
  const hooks = { weight: (name: string) => weights.get(name)! }
  const hidden = hiddenStates(base.config, layout, hooks)
  const head = headWeight(base.config, hooks)
  build(graph, { losses: labelLosses(hidden, head, targets), hidden, head, targets, weights })
  const session = await GraphSession.open(graph, { device: 'cpu' })
  const feeds = Object.fromEntries(
    [...weights].map(([name, { shape }]) => [
      name,
      {
        dtype,
        dims: shape as number[],
        data: dtype === 'float32' ? base.values.get(name)! : Float64Array.from(base.values.get(name)!),
      },
    ]),
  )
  return {
    session,
    feeds,
    run: (batch: Batch, changed: Record<string, Tensor> = {}) =>
      session.run({ ...feeds, ...batchFeeds(batch), ...changed }),
  }
}

/** Losses by example, in the order of its labels. */
function byExample(batch: Batch, losses: Tensor, into: number[][]): void {
  for (const [label, owner] of batch.owners.entries()) into[owner]!.push(Number(losses.data[label]))
}

test('packed examples give the losses of examples alone: nothing leaks, and what is shared is the same', async () => {
  for (const changes of [
    {},
    { architectures: ['MistralForCausalLM'], model_type: 'mistral', sliding_window: 4 },
    { attention_bias: true, mlp_bias: true, tie_word_embeddings: false },
  ]) {
    const base = await tinyBase(changes)
    const { session, run } = await forward(base, 'float32', (graph, { losses }) =>
      graph.output('losses', losses),
    )
    const packed = EXAMPLES.map((): number[] => [])
    const alone = EXAMPLES.map((): number[] => [])
    const batches = packExamples(EXAMPLES, 40)
    assert.ok(batches.some(({ prefix, rows }) => prefix === 3 && rows > 1))
    for (const batch of batches) byExample(batch, (await run(batch)).losses!, packed)
    for (const [index, example] of EXAMPLES.entries()) {
      const [batch] = packExamples([example], 40)
      alone[index] = [...((await run(batch!)).losses!.data as Float32Array)]
    }
    assert.ok(packed.flat().length > 8)
    for (const [i, loss] of packed.flat().entries())
      assert.ok(Math.abs(loss - alone.flat()[i]!) < 2e-5, `${loss} ${alone.flat()[i]}`)
    await session.close()
    await base.remove()
  }
})

test('the window bites: far tokens change nothing with it, and something without', async () => {
  const far = { id: 'far', prompt: ids(12), completion: [7] }
  const changed = { ...far, prompt: far.prompt.with(0, (far.prompt[0]! + 1) % 61) }
  const differs = async (base: TestBase) => {
    const { session, run } = await forward(base, 'float32', (graph, { losses }) =>
      graph.output('losses', losses),
    )
    const [a, b] = await Promise.all([far, changed].map(example => run(packExamples([example], 64)[0]!)))
    await session.close()
    await base.remove()
    return Number(a!.losses!.data[0]) !== Number(b!.losses!.data[0])
  }
  const mistral = { architectures: ['MistralForCausalLM'], model_type: 'mistral' }
  assert.equal(await differs(await tinyBase({ ...mistral, sliding_window: 4 })), false) // two layers reach 7 back
  assert.equal(await differs(await tinyBase({ ...mistral, sliding_window: null })), true)
})

test('losses at labels are those of the full logits, and hits are its maxima', async () => {
  const base = await tinyBase()
  const { session, run } = await forward(base, 'float32', (graph, { losses, hidden, head, targets }) => {
    graph.output('losses', losses)
    graph.output('hits', labelHits(hidden, head, targets))
    graph.output('logits', labelLogits(hidden, head))
  })
  const [batch] = packExamples(EXAMPLES, 200)
  const { losses, hits, logits } = await run(batch!)
  for (const [label, target] of batch!.targets.entries()) {
    const values = (logits!.data as Float32Array).subarray(label * 61, (label + 1) * 61)
    const chosen = values[Number(target)]!
    const expected = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0)) - chosen
    assert.ok(Math.abs(Number(losses!.data[label]) - expected) < 1e-4)
    assert.equal(Number(hits!.data[label]), Number(chosen === Math.max(...values)))
  }
  await session.close()
  await base.remove()
})

test('gradients of the whole model agree with central differences in float64', async () => {
  const base = await tinyBase({
    attention_bias: true,
    mlp_bias: true,
    tie_word_embeddings: false,
    vocab_size: 61,
  })
  const { session, feeds, run } = await forward(base, 'float64', (graph, { losses, weights }) => {
    graph.output('losses', losses)
    for (const [index, gradient] of gradients(sumAll(losses), [...weights.values()]).entries())
      graph.output(`d ${[...weights.keys()][index]}`, gradient)
  })
  const [batch] = packExamples(EXAMPLES.slice(0, 3), 100)
  const total = async (changed: Record<string, Tensor>) =>
    ((await run(batch!, changed)).losses!.data as Float64Array).reduce((sum, loss) => sum + loss, 0)
  const analytic = await run(batch!)
  for (const [name, feed] of Object.entries(feeds)) {
    const at = random.below(feed.data.length)
    const place = name === 'model.embed_tokens.weight' ? Number(batch!.tokens[3]) * 24 + 5 : at
    const nudge = (by: number): Record<string, Tensor> => {
      const data = Float64Array.from(feed.data)
      data[place]! += by
      return { [name]: { ...feed, data } }
    }
    const numeric = ((await total(nudge(1e-5))) - (await total(nudge(-1e-5)))) / 2e-5
    const exact = Number(analytic[`d ${name}`]!.data[place])
    assert.ok(
      Math.abs(numeric - exact) < 1e-6 * Math.max(1, Math.abs(exact)),
      `${name}: ${numeric} and ${exact}`,
    )
  }
  await session.close()
  await base.remove()
})
