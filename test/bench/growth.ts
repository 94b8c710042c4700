/**
 * `npm run bench -- growth`: how the cost of training grows, a process for each row, and beside each row what the machine
 * would allow: its operations at the rate of the runtime's own product, and its weights, read once forward and once
 * backward a pass, at the rate at which memory is read.
 */
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { table } from '../../cli/terminal.ts'
import type { Example } from '../../node/model/batch.ts'
import type { LlamaConfig } from '../../node/model/llama.ts'
import { randomFrom } from '../../node/model/random.ts'
import { elements, parameterCount, weightShapes } from '../../node/model/weights.ts'
import type { Precision } from '../../node/train/precision.ts'
import { isOppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { type BenchBase, openGemma3 } from './base.ts'
import type { StepReport, TrainableBase } from './contender.ts'
import type { Workload } from './items.ts'
import { Lineup, LORA, PASS_TOKENS } from './lineup.ts'
import { linearSizes, type ModelSizes, stepOperations } from './operations.ts'
import type { Part } from './report.ts'
import { median } from './rounds.ts'

interface Point {
  readonly axis: 'length' | 'batch' | 'rank' | 'base' | 'precision'
  readonly tokens: number
  readonly items: number
  readonly rank: number
  readonly precision: Precision
  /** Steps timed, if not TIMED. */
  readonly timed?: number
}

const USUAL = { tokens: 256, items: 4, rank: LORA.rank, precision: 'float32' } as const
const LENGTHS = [128, 256, 512, 1024, 2048]
const BATCHES = [1, 4, 16]
const RANKS = [4, 8, 16, 64]
/** Of the products with frozen weights, or of the weights in memory. */
const PRECISIONS: readonly Precision[] = ['int8', 'q8', 'q4']
/** Labels of an item. */
const LABELS = 16
const TIMED = 3
/** A step of the larger bases, half the usual one, of which one is timed: they take a third of a minute or more. */
const LARGE_STEP = { items: 2, timed: 1 } as const

interface GrowthOptions {
  readonly python: string
  readonly quick: boolean
  readonly scratch: string
  say(line: string): void
}

interface Row extends Point {
  readonly base: string
  readonly parameters: number
  readonly tokensPerSecond: number
  readonly peakRss: number
  /** Tokens per second at the product's rate, and at the bandwidth's. */
  readonly operationsLimit: number
  readonly bytesLimit: number
  readonly productRate: number
  readonly bandwidth: number
}

export async function costTable(base: BenchBase, options: GrowthOptions): Promise<Part> {
  const rows: Row[] = []
  const points: Point[] = [
    ...LENGTHS.map(tokens => ({
      axis: 'length' as const,
      ...USUAL,
      tokens,
      items: Math.max(1, PASS_TOKENS / tokens),
    })),
    ...BATCHES.map(items => ({ axis: 'batch' as const, ...USUAL, items })),
    ...RANKS.map(rank => ({ axis: 'rank' as const, ...USUAL, rank })),
    ...PRECISIONS.map(precision => ({ axis: 'precision' as const, ...USUAL, precision })),
    { axis: 'base', ...USUAL },
  ]
  for (const point of points) rows.push(await measure('SmolLM2-135M', base, point, options))
  const gemma3 = await openGemma3(options.python).catch(error => {
    if (!isOppuError(error, 'SOURCE_UNAVAILABLE')) throw error
    options.say(`no row for Gemma-3-270M: ${error.message}`)
  })
  if (gemma3) rows.push(await measure('Gemma-3-270M', gemma3, { axis: 'base', ...USUAL }, options))
  for (const [name, config] of Object.entries(LARGER)) {
    options.say(`making random weights: ${name}`)
    const folder = join(options.scratch, name)
    await mkdir(folder)
    const random = await randomBase(folder, { ...base.config, ...config })
    for (const precision of ['float32', 'q8', 'q4'] as const) {
      const point = { axis: 'base', ...USUAL, ...LARGE_STEP, precision } as const
      rows.push(await measure(`random ${name}`, random, point, options))
    }
    await rm(folder, { recursive: true })
  }
  return { figures: [], runs: { growth: rows }, tables: [growthTable(rows)] }
}

async function measure(
  name: string,
  base: TrainableBase,
  point: Point,
  { quick, scratch, say }: GrowthOptions,
): Promise<Row> {
  const { axis, tokens, items, rank, precision, timed = TIMED } = point
  const lineup = await Lineup.open({ base, scratch: join(scratch, 'row'), python: undefined })
  const workload = syntheticItems(point, base.config.vocabSize)
  const passTokens = Math.max(PASS_TOKENS, tokens)
  const lora = { ...LORA, rank }
  const reports: StepReport[] = []
  {
    await using ours = await lineup.ours('ours', workload, {
      ...{ lora, passTokens, maxLength: tokens + 1 },
      training: { precision },
    })
    await ours.step()
    for (let step = 0; step < (quick ? 1 : timed); step++) reports.push(await ours.step())
  }
  await using product = await lineup.product(workload)
  const { rate: productRate, bandwidth } = (await product.step()) as Required<StepReport>
  const sequences = Array.from({ length: items }, () => ({ tokens, labels: LABELS }))
  const stepTokens = items * tokens
  const { total } = stepOperations(base.config, lora, sequences)
  const row: Row = {
    ...point,
    base: name,
    parameters: parameterCount(base.config),
    tokensPerSecond: stepTokens / median(reports.map(({ seconds }) => seconds)),
    peakRss: Math.max(...reports.map(report => report.peakRss)),
    operationsLimit: (stepTokens * productRate) / total,
    bytesLimit: (stepTokens * bandwidth) / (Math.ceil(stepTokens / passTokens) * bytesOfPass(base.config)),
    productRate,
    bandwidth,
  }
  say(
    `${axis}: ${name}, ${items} x ${tokens} tokens, rank ${rank}, ${precision}: ${row.tokensPerSecond.toFixed(0)} tokens/s`,
  )
  return row
}

/** Items without anything in common, one step after another. */
function syntheticItems({ tokens, items }: Point, vocabSize: number): Workload {
  const random = randomFrom(1)
  const ids = (length: number) => Array.from({ length }, () => random.below(vocabSize))
  const examples: Example[] = []
  const steps = Array.from({ length: 1 + TIMED }, () =>
    Array.from({ length: items }, () => {
      const id = String(examples.length)
      const first = examples.length % vocabSize
      return examples.push({ id, prompt: [first, ...ids(tokens - LABELS)], completion: ids(LABELS) }) - 1
    }),
  )
  return { examples, steps }
}

/** Every weight of a product once forward and once backward, as float32: in blocks it is so before a product reads it. */
function bytesOfPass(config: ModelSizes): number {
  const layer = Object.values(linearSizes(config)).reduce((sum, [width, out]) => sum + width * out, 0)
  return 2 * 4 * (config.layers * layer + config.vocabSize * config.hiddenSize)
}

/** In the shapes of SmolLM2-360M and TinyLlama-1.1B. */
const LARGER: Readonly<Record<string, Partial<LlamaConfig>>> = {
  '360M': { hiddenSize: 960, intermediateSize: 2560, layers: 32, heads: 15, kvHeads: 5 },
  '1.1B': {
    hiddenSize: 2048,
    intermediateSize: 5632,
    layers: 22,
    heads: 32,
    kvHeads: 4,
    vocabSize: 32000,
    tiedHead: false,
  },
}

/** A base whose weights are one block of random numbers over and over; norms are one. */
async function randomBase(folder: string, config: LlamaConfig): Promise<TrainableBase> {
  const path = join(folder, 'weights.f32')
  const random = randomFrom(2)
  const block = Float32Array.from({ length: 1 << 20 }, () => 0.02 * random.normal())
  const ones = new Float32Array(1 << 20).fill(1)
  const tensors = new Map<string, { shape: readonly number[]; offset: number; length: number }>()
  await using file = await open(path, 'w')
  let offset = 0
  for (const [name, shape] of weightShapes(config)) {
    const length = 4 * elements(shape)
    tensors.set(name, { shape, offset, length })
    const source = new Uint8Array((name.endsWith('norm.weight') ? ones : block).buffer)
    for (let done = 0; done < length; done += source.length)
      await file.writeFile(source.subarray(0, Math.min(source.length, length - done)))
    offset += length
  }
  return { id: 'b'.repeat(64) as BaseId, config, derived: folder, weights: { path, tensors } }
}

function growthTable(rows: readonly Row[]): string {
  return table(
    [
      'axis',
      'base',
      'items',
      'tokens',
      'rank',
      'precision',
      'tokens/s',
      'peak GB',
      'limit: operations',
      'limit: bytes',
      'share',
    ],
    rows.map(row => [
      row.axis,
      row.base,
      String(row.items),
      String(row.tokens),
      String(row.rank),
      row.precision,
      row.tokensPerSecond.toFixed(0),
      (row.peakRss / 1e9).toFixed(2),
      row.operationsLimit.toFixed(0),
      row.bytesLimit.toFixed(0),
      (row.tokensPerSecond / Math.min(row.operationsLimit, row.bytesLimit)).toFixed(2),
    ]),
  )
}
