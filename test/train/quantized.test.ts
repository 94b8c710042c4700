/** Training, scoring and generation over weights in 8 and 4 bits: what is computed is what their float32 values give. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { quantizedWeights, sourceOf } from '../../node/base/quantized-file.ts'
import { isComparable } from '../../node/eval/quantized-loss.ts'
import { TokenGenerator } from '../../node/generate/generator.ts'
import { Scorer } from '../../node/generate/scorer.ts'
import type { Example } from '../../node/model/batch.ts'
import { readWeights, type WeightFile } from '../../node/model/weights.ts'
import { loadAdapter } from '../../node/peft/index.ts'
import { choosePrecision } from '../../node/train/precision.ts'
import { type TrainedAdapter, type TrainOptions, train } from '../../node/train/trainer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { add, nodeOf, train as trainOn } from '../learning-node.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  // Of the size that bases have: with small weights the last norm makes up for them.
  base = await tinyBase({ hidden_size: 32, intermediate_size: 64, head_dim: 8, initializer_range: 0.2 })
})
after(() => base.remove())

const EXAMPLES: Example[] = [
  { id: 'a', prompt: [1, 5, 9], completion: [7, 8, 2] },
  { id: 'b', prompt: [1, 20, 21, 22, 23, 24, 25], completion: [30, 2] },
  { id: 'c', prompt: [1], completion: [40, 41, 42, 43, 2] },
]
const CONFIG = { steps: 12, learningRate: 0.01, maxGradientNorm: 1, order: 'given' } as const

async function run(
  options: Partial<TrainOptions> = {},
): Promise<{ losses: number[]; adapter: TrainedAdapter; precision: string | undefined }> {
  const losses: number[] = []
  let precision: string | undefined
  const training = train({
    base,
    method: 'lora',
    examples: EXAMPLES,
    device: 'cpu',
    now: () => 0,
    ...options,
  })
  for (;;) {
    const next = await training.next()
    if (next.done === true) return { losses, adapter: next.value, precision }
    losses.push(next.value.loss)
    precision ??= next.value.precision
  }
}

function nearby(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  assert.equal(found.length, wanted.length)
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - wanted[i]!) <= tolerance, `${i}: ${value} and ${wanted[i]}`)
}

async function inBlocks(precision: 'q8' | 'q4'): Promise<WeightFile> {
  return await quantizedWeights(base.derived, precision, {
    id: base.id,
    config: base.config,
    tensors: sourceOf(base.weights),
  })
}

/** A float32 file of what the weights in blocks stand for. */
async function asFloat32(weights: WeightFile): Promise<WeightFile> {
  const folder = join(base.derived, `${weights.quantized} as float32`)
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'weights')
  const tensors = new Map<string, { shape: readonly number[]; offset: number; length: number }>()
  const parts: Buffer[] = []
  let offset = 0
  for (const [name, values] of await readWeights(weights)) {
    tensors.set(name, { shape: weights.tensors.get(name)!.shape, offset, length: values.byteLength })
    parts.push(Buffer.from(values.buffer))
    offset += values.byteLength
  }
  await writeFile(path, Buffer.concat(parts))
  return { path, tensors }
}

for (const [precision, tolerance] of [
  ['q8', 0.02],
  ['q4', 0.25],
] as const) {
  for (const method of ['lora', 'dora', 'ia3', 'prompt-tuning', 'prefix-tuning'] as const)
    test(`${method} in ${precision} is training over the weights that the blocks stand for`, async () => {
      const found = await run({ method, config: { ...CONFIG, steps: 4, precision } })
      assert.equal(found.precision, precision)
      const exact = { ...base, weights: await asFloat32(await inBlocks(precision)) }
      const wanted = await run({ base: exact, method, config: { ...CONFIG, steps: 4, precision: 'float32' } })
      nearby(found.losses, wanted.losses, 1e-5)
    })

  test(`a run in ${precision} stays near one in float32, and says what it was`, async () => {
    const found = await run({ config: { ...CONFIG, precision } })
    const wanted = await run({ config: { ...CONFIG, precision: 'float32' } })
    nearby(found.losses, wanted.losses, tolerance)
    assert.notDeepEqual(found.losses, wanted.losses)
    assert.ok(found.losses.at(-1)! < found.losses[0]! - 0.5)
    const { training } = found.adapter.manifest.config as { training: { precision: string } }
    assert.equal(training.precision, precision)
  })

  test(`a base that was opened in ${precision} is trained over, scored and continued without float32 weights`, async () => {
    const weights = await inBlocks(precision)
    const opened = { ...base, weights }
    const { derived: _, ...bare } = opened
    const found = await run({ base: bare, config: CONFIG })
    assert.equal(found.precision, precision)
    assert.deepEqual(found.losses, (await run({ config: { ...CONFIG, precision } })).losses)
    const adapter = loadAdapter(found.adapter.files, opened, { manifest: found.adapter.manifest })
    const both = [opened, { ...base, weights: await asFloat32(weights) }].map(async side => {
      await using scorer = await Scorer.open({ base: side, device: 'cpu' })
      const scores = [...(await scorer.score(EXAMPLES)), ...(await scorer.score(EXAMPLES, adapter))]
      await using generator = await TokenGenerator.open({ base: side, device: 'cpu' })
      const ids: number[] = []
      const greedy = { prompt: [1, 5, 9], temperature: 0, maxTokens: 6, adapter }
      for await (const id of generator.generate(greedy)) ids.push(id)
      return { ids, scores: scores.map(score => score!.logLikelihood), correct: scores.map(s => s!.correct) }
    })
    const [blocks, exact] = await Promise.all(both)
    nearby(blocks!.scores, exact!.scores, 1e-4)
    assert.deepEqual(blocks!.correct, exact!.correct)
    assert.deepEqual(blocks!.ids, exact!.ids)
    assert.equal(blocks!.ids.length, 6)
  })
}

test('what cannot be had is refused by name', async () => {
  const opened = { ...base, weights: await inBlocks('q4') }
  const { derived: _, ...bare } = base
  const cases: [string, () => Promise<unknown>][] = [
    ['precision q4 cannot be had: method full', () => choosePrecision('q4', base, 'full', 'cpu')],
    ['precision q4 cannot be had: method full', () => choosePrecision('auto', opened, 'full', 'cpu')],
    ['precision q8 cannot be had: the device is cuda', () => choosePrecision('q8', base, 'lora', 'cuda')],
    [
      'precision float32 cannot be had: the base was opened in q4',
      () => choosePrecision('float32', opened, 'lora', 'cpu'),
    ],
    [
      'precision q8 cannot be had: the base was opened in q4',
      () => choosePrecision('q8', opened, 'lora', 'cpu'),
    ],
    [
      'precision int8 cannot be had: the base was opened in q4',
      () => choosePrecision('int8', opened, 'lora', 'cpu'),
    ],
    ['the base has no folder for derived files', () => choosePrecision('q8', bare, 'lora', 'cpu')],
  ]
  for (const [message, refused] of cases)
    await assert.rejects(refused(), error => {
      assert.ok(isOppuError(error, 'INVALID_ARGUMENT'))
      assert.ok(error.message.includes(message), error.message)
      return true
    })
  assert.equal(await choosePrecision('auto', opened, 'lora', 'cpu'), 'q4')
  assert.equal(await choosePrecision('auto', base, 'lora', 'cpu'), 'float32')
})

test('a run of a node in few bits is measured over them, and says what they cost on items of its own', async t => {
  const node = await nodeOf(t)
  await add(node, 0, 40) // 8 are kept back
  const losses =
    /base's loss per token on 8 of your newest items is (\S+), in float32 (\S+) \((\S+), (\S+) %\)/
  const told = new Map<string, number>()
  for (const precision of ['q8', 'q4'] as const) {
    const { report, notes, steps } = await trainOn(node, { config: { precision }, fresh: true })
    assert.equal(steps[0]!.precision, precision)
    const found = losses
      .exec(notes.find(note => note.startsWith(`${precision}: `))!)!
      .slice(1)
      .map(Number)
    const [quantized, float32, change, percent] = found as [number, number, number, number]
    nearby([quantized], [-report.measured!.base], 1e-4)
    nearby([change, percent], [quantized - float32, (100 * change) / float32], 0.051)
    told.set(precision, float32).set(`${precision} off`, Math.abs(change))
  }
  const { report, notes } = await trainOn(node, { config: { precision: 'float32' }, fresh: true })
  assert.ok(!notes.some(note => losses.test(note)))
  nearby([told.get('q8')!, told.get('q4')!], new Array(2).fill(-report.measured!.base), 1e-4)
  assert.ok(told.get('q8 off')! < 0.01 && told.get('q4 off')! > 0)
})

test('weights that are large in float32 are not mapped for the comparison', () => {
  const { config } = base
  assert.ok(isComparable(base))
  assert.ok(!isComparable({ config: { ...config, vocabSize: 2 ** 29 / config.hiddenSize } }))
})
