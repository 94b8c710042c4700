/** Runs that do not fit into memory: refused with changes that help, or carried out with layers computed anew. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Example } from '../../node/model/batch.ts'
import { elements, weightShapes } from '../../node/model/weights.ts'
import type { TrainConfig } from '../../node/train/config.ts'
import { fitRun } from '../../node/train/fit.ts'
import { memoryToBeHad } from '../../node/train/memory.ts'
import { prepareRun } from '../../node/train/run.ts'
import { type TrainOptions, type TrainStep, train } from '../../node/train/trainer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase({
    num_hidden_layers: 10,
    hidden_size: 64,
    intermediate_size: 512,
    max_position_embeddings: 1024,
  })
})
after(() => base.remove())

const tokens = (length: number) => Array.from({ length }, (_, i) => 3 + ((17 * i + length) % 50))
const EXAMPLES: Example[] = [700, 90, 120, 60, 200, 80, 40, 300].map((length, id) => ({
  id: String(id),
  prompt: tokens(length),
  completion: [...tokens(5), 2],
}))
const RESIDENT = 10e6

function optionsOf(config: Partial<TrainConfig>, maxMemory?: number): TrainOptions {
  return {
    base,
    method: 'lora',
    examples: EXAMPLES,
    device: 'cpu',
    config: { steps: 2, batchSize: 8, precision: 'float32', ...config },
    ...(maxMemory === undefined ? {} : { maxMemory }),
  }
}

function fit(config: Partial<TrainConfig>, maxMemory = 1e12, more: Partial<TrainOptions> = {}) {
  const options = { ...optionsOf(config, maxMemory), ...more }
  const frozen = { weights: base.weights }
  return fitRun({ options, run: prepareRun(options), frozen, device: 'cpu', resident: RESIDENT })
}

const needs = (config: Partial<TrainConfig>) => fit(config).memory!.bytes

function refusalOf(config: Partial<TrainConfig>, maxMemory: number): string {
  try {
    fit(config, maxMemory)
  } catch (error) {
    assert.ok(isOppuError(error, 'OUT_OF_MEMORY'))
    return error.message
  }
  assert.fail('it was not refused')
}

/** The configurations that a refusal names, and what it says that they take. */
function proposals(message: string): { config: Partial<TrainConfig>; bytes: number }[] {
  return [...message.matchAll(/((?:--[a-z-]+ \w+ )+)would take ([\d.]+) ([MG])B/g)].map(match => {
    const config: Record<string, unknown> = {}
    for (const [, flag, value] of match[1]!.matchAll(/--([a-z-]+) (\w+)/g)) {
      const key = flag!.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      config[key] = key === 'recompute' ? value : Number(value)
    }
    return { config, bytes: Number(match[2]) * (match[3] === 'M' ? 1e6 : 1e9) }
  })
}

test('layers are computed anew only where the run would not fit otherwise, or when asked', () => {
  const [cheap, layers] = [needs({}), needs({ recompute: 'layers' })]
  assert.ok(layers < cheap - 1e6, `${layers} and ${cheap}`)
  assert.equal(fit({}, cheap).recomputed, 'cheap')
  assert.equal(fit({}, cheap - 1).recomputed, 'layers')
  assert.equal(fit({ recompute: 'none' }, cheap - 1).recomputed, 'cheap') // no nearer than the estimate is sure
  assert.equal(fit({ recompute: 'layers' }).recomputed, 'layers')
  assert.equal(fit({}, layers / 1.09).recomputed, 'layers')
  refusalOf({}, layers / 1.11)
})

test('what a refusal proposes fits when it is done', () => {
  const smallest = needs({ recompute: 'layers', batchTokens: 64, maxLength: 64 })
  const layers = needs({ recompute: 'layers' })
  const highest = layers / 1.11
  assert.ok(smallest < highest)
  let halved = 0
  for (const recompute of ['auto', 'layers', 'none'] as const) {
    for (const limit of [highest, (highest + smallest) / 2, smallest]) {
      const found = proposals(refusalOf({ recompute }, limit))
      assert.ok(found.length > 0)
      for (const { config, bytes } of found) {
        const { memory } = fit({ recompute, ...config }, limit)
        assert.ok(memory!.bytes <= limit)
        assert.ok(Math.abs(memory!.bytes - bytes) <= 0.5e6, `${memory!.bytes} and ${bytes}`)
        if (config.batchTokens !== undefined) halved++
      }
    }
  }
  assert.ok(halved > 3)
  const [onlyLayers] = proposals(
    refusalOf({ recompute: 'none' }, needs({ recompute: 'none' }) / 1.11),
  ).filter(({ config }) => config.recompute === 'layers')
  assert.ok(onlyLayers)
})

test('where nothing would fit, a refusal says so and proposes nothing', () => {
  const message = refusalOf({}, RESIDENT)
  assert.deepEqual(proposals(message), [])
  assert.match(message, /a smaller base is needed/)
})

test('longer passes take more, and so does an optimizer with more state', () => {
  assert.ok(needs({ batchTokens: 1024 }) > needs({ batchTokens: 512, maxLength: 512 }))
  assert.ok(needs({ optimizer: 'adamw' }) > needs({ optimizer: 'lion' }))
  assert.ok(needs({ optimizer: 'lion' }) > needs({ optimizer: 'adafactor' }))
})

test('weights that validation maps a second time are told apart from what the process has', () => {
  const alone = fit({}).memory!
  const validated = fit({}, 1e12, { validation: EXAMPLES.slice(1, 3) }).memory!
  const weights = [...weightShapes(base.config)].reduce((sum, [, shape]) => sum + 4 * elements(shape), 0)
  assert.equal(alone.countedTwice, 0)
  assert.ok(validated.countedTwice > 0.9 * weights && validated.countedTwice <= weights)
})

test('a system can give a process what it has and more, never more than the machine or its limit', () => {
  const resident = process.memoryUsage.rss()
  const had = memoryToBeHad(resident)
  assert.ok(had > resident)
  assert.ok(memoryToBeHad(2 * resident) >= had)
})

async function steps(
  config: Partial<TrainConfig>,
  options: Partial<TrainOptions> = {},
): Promise<TrainStep[]> {
  const found: TrainStep[] = []
  for await (const step of train({ ...optionsOf(config), ...options })) found.push(step)
  return found
}

test('layers computed anew give the same bits, and a run goes on with or without', async () => {
  const figures = (found: readonly TrainStep[]) =>
    found.map(({ step, loss, gradientNorm }) => [step, loss, gradientNorm])
  const config = { steps: 3, batchSize: 3 }
  const kept = await steps(config)
  const anew = await steps({ ...config, recompute: 'layers' })
  assert.deepEqual([kept[0]!.recomputed, anew[0]!.recomputed], ['cheap', 'layers'])
  assert.deepEqual(figures(anew), figures(kept))
  const running = train(optionsOf(config))
  const first = (await running.next()).value as TrainStep
  const resume = first.state()
  await running.return(undefined as never)
  assert.deepEqual(
    figures(await steps({ ...config, recompute: 'layers' }, { resume })),
    figures(kept).slice(1),
  )
})

test('a run that does not fit is refused before its first step', async () => {
  await assert.rejects(steps({}, { maxMemory: 1e6 }), error => isOppuError(error, 'OUT_OF_MEMORY'))
})
