/** Whole passes and runs on WebGPU: losses, gradients, scores and answers are those of the CPU. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { TokenGenerator } from '../../node/generate/generator.ts'
import { Scorer } from '../../node/generate/scorer.ts'
import type { Device } from '../../node/graph/device.ts'
import { GraphSession } from '../../node/graph/session.ts'
import type { Example } from '../../node/model/batch.ts'
import { randomFrom } from '../../node/model/random.ts'
import { loadAdapter, type MethodName, methods } from '../../node/peft/index.ts'
import { parseTrainConfig } from '../../node/train/config.ts'
import { type Gradients, Passes, stepPasses } from '../../node/train/passes.ts'
import { type TrainedAdapter, train } from '../../node/train/trainer.ts'
import { trainingGraph } from '../../node/train/training-graph.ts'
import { webgpuMissing } from '../graph/webgpu.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

const missing = await webgpuMissing()
const TOLERANCE = 1e-4

/** The first two begin alike. */
const EXAMPLES: readonly Example[] = [
  { id: 'a', prompt: [1, 5, 9, 11], completion: [7, 8, 2] },
  { id: 'b', prompt: [1, 5, 9, 22, 23, 24, 25], completion: [30, 2] },
  { id: 'c', prompt: [33], completion: [40, 41, 42, 43, 2] },
]

let base: TestBase
before(async () => {
  base = await tinyBase({ num_hidden_layers: 1 })
})
after(() => base.remove())

const LINEAR = 'q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj'
const METHODS: readonly (readonly [MethodName, Record<string, unknown>])[] = [
  ['lora', { rank: 3, targets: LINEAR, dropout: 0.2 }],
  ['dora', { rank: 2, targets: 'q_proj,down_proj', dropout: 0.2 }],
  ['ia3', {}],
  ['prompt-tuning', { virtualTokens: 3, init: 'random' }],
  ['prefix-tuning', { virtualTokens: 2, init: 'random' }],
  ['full', {}],
]

/** One update's gradients of each batch of examples, away from the method's start. */
async function gradientsOn(
  device: Device,
  name: MethodName,
  options: Record<string, unknown>,
): Promise<Gradients[]> {
  const method = methods[name].prepare(options, base.config)
  const { graph, attached } = trainingGraph(base.config, base.weights, method)
  await using session = await GraphSession.open(graph, { device, threads: 1 })
  const random = randomFrom(3)
  const initial = await method.initial(1, base.weights)
  const parameters = new Map(
    [...initial].map(([key, values]) => [key, values.map(value => value + 0.1 * random.normal())]),
  )
  const passes = new Passes(session, attached, parameters, {})
  const config = parseTrainConfig({})
  const results: Gradients[] = []
  for (const examples of [EXAMPLES.slice(0, 2), EXAMPLES])
    results.push(
      await passes.gradients(stepPasses(examples, config, method.front.prefixTokens), randomFrom(5)),
    )
  return results
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(found.length, expected.length, what)
  const largest = Math.max(...Array.from(expected, Math.abs))
  for (let i = 0; i < expected.length; i++) {
    const isClose = Math.abs(found[i]! - expected[i]!) <= TOLERANCE * largest
    assert.ok(isClose, `${what}[${i}] is ${found[i]} on WebGPU, ${expected[i]} on the CPU`)
  }
}

async function run(device: Device): Promise<TrainedAdapter> {
  const training = train({
    base,
    method: 'lora',
    methodConfig: { rank: 2, dropout: 0.1 },
    examples: EXAMPLES,
    validation: EXAMPLES.slice(1, 2),
    config: { steps: 5, batchSize: 2, learningRate: 0.02, maxGradientNorm: 1 },
    device,
    now: () => 0,
  })
  for (;;) {
    const next = await training.next()
    if (next.done === true) return next.value
    if (next.value.step === 1) assert.equal(next.value.device?.device, device)
  }
}

describe('on WebGPU as on the CPU', { skip: missing }, () => {
  for (const [name, options] of METHODS)
    test(`losses and gradients of ${name}`, async () => {
      const expected = await gradientsOn('cpu', name, options)
      for (const [i, { loss, gradients }] of (await gradientsOn('webgpu', name, options)).entries()) {
        close([loss], [expected[i]!.loss], `loss of update ${i}`)
        assert.deepEqual([...gradients.keys()], [...expected[i]!.gradients.keys()])
        for (const [key, values] of gradients) close(values, expected[i]!.gradients.get(key)!, `${i}, ${key}`)
      }
    })

  test('five updates, and what the adapter that comes out scores and answers', async () => {
    const [expected, found] = [await run('cpu'), await run('webgpu')]
    for (const field of ['loss', 'gradientNorm', 'validationLoss'] as const) {
      const [ours, theirs] = [found, expected].map(({ curve }) => curve.flatMap(point => point[field] ?? []))
      assert.ok(theirs!.length > 0, field)
      close(ours!, theirs!, field)
    }
    assert.equal(found.bestStep, expected.bestStep)
    assert.ok(found.curve.at(-1)!.loss < found.curve[0]!.loss)

    const adapter = loadAdapter(expected.files, base)
    const told: { scores: readonly number[]; tokens: readonly number[] }[] = []
    for (const device of ['cpu', 'webgpu'] as const) {
      await using scorer = await Scorer.open({ base, device })
      await using generator = await TokenGenerator.open({ base, device })
      const scores = (await scorer.score(EXAMPLES, adapter)).map(score => score!.logLikelihood)
      const tokens: number[] = []
      const options = { prompt: [1, 17, 33, 4], maxTokens: 6, temperature: 0, adapter }
      for await (const token of generator.generate(options)) tokens.push(token)
      told.push({ scores, tokens })
    }
    close(told[1]!.scores, told[0]!.scores, 'log-likelihood')
    assert.deepEqual(told[1]!.tokens, told[0]!.tokens)
  })
})
