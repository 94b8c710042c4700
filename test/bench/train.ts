/**
 * `npm run bench -- train`: our training step against PyTorch's, on one machine in one go. Each part is a question of its
 * own with its own contenders, which take turns; ratios are of turns of the same round, and the median over rounds counts.
 */

import { packExamples } from '../../node/model/batch.ts'
import type { BenchBase } from './base.ts'
import { type BenchItems, makeWorkload, type Workload } from './items.ts'
import { type Lineup, LORA, MAX_LENGTH, PASS_TOKENS } from './lineup.ts'
import { type LoraSizes, stepOperations } from './operations.ts'
import { format, higher, lower, type Part, speedTable } from './report.ts'
import { lossDifference, median, peakRss, speedRatio, takeTurns } from './rounds.ts'

export interface TrainBench {
  readonly lineup: Lineup
  readonly base: BenchBase
  readonly items: BenchItems
  readonly rounds: number
  say(line: string): void
}

const LOSS_BAR = 1e-3
/** Ours as it comes. */
const AUTO = { training: { precision: 'auto' } } as const
/** Steps before anything is timed. */
export const WARM_UP = 2

/**
 * Ours and PEFT as people run it: 4 items are a batch, and a step. Beside ours in float32, whose losses are compared, runs
 * ours as it comes, with the precision that `auto` takes here.
 */
export async function againstPeft({ lineup, base, items, rounds, say }: TrainBench): Promise<Part> {
  const workload = alternating(items, base, 4, rounds)
  const perRound = items.tasks.length
  await using ours = await lineup.ours('ours', workload)
  await using auto = await lineup.ours('ours, auto', workload, AUTO)
  await using peft = await lineup.peft('peft', workload)
  const turns = await takeTurns(
    [ours, auto, peft].map(runner => ({ runner, steps: perRound, warmUp: WARM_UP })),
    rounds,
    say,
  )
  const [own, theirs] = [turns.get('ours')!, turns.get('peft')!]
  return {
    figures: [
      higher('train.items_per_s_vs_peft', speedRatio(own, theirs), 3.5),
      higher('train.items_per_s_vs_peft_auto', speedRatio(turns.get('ours, auto')!, theirs), 3.5),
      lower('train.peak_rss_vs_peft', peakRss(own) / peakRss(theirs), 0.4),
      lower('train.loss_difference', lossDifference(own, theirs), LOSS_BAR),
    ],
    runs: { peft: Object.fromEntries(turns) },
    tables: [speedTable('a step of 4 items', turns)],
  }
}

/**
 * Ours and PyTorch by hand: 8 items a step, in passes of 1,024 tokens. Theirs has the tricks that are known (packing, logits
 * at labels only, fused attention); with `alsoShared`, one that has ours too, and shares common beginnings, runs beside it.
 */
export async function againstTorch(
  { lineup, base, items, rounds, say }: TrainBench,
  alsoShared: boolean,
): Promise<Part> {
  const workload = alternating(items, base, 8, rounds)
  const perRound = items.tasks.length
  await using ours = await lineup.ours('ours', workload)
  await using auto = await lineup.ours('ours, auto', workload, AUTO)
  await using torch = await lineup.torch('torch', workload, false)
  await using shared = alsoShared ? await lineup.torch('torch-shared', workload, true) : undefined
  await using product = await lineup.product(workload)
  const runners = [ours, auto, torch, ...(shared ? [shared] : [])]
  const turns = await takeTurns(
    [
      ...runners.map(runner => ({ runner, steps: perRound, warmUp: WARM_UP })),
      { runner: product, steps: 1, warmUp: 1 },
    ],
    rounds,
    say,
  )
  const [own, theirs] = [turns.get('ours')!, turns.get('torch')!]
  const sharing = turns.get('torch-shared')
  const counted = own.map((turn, round) => {
    const steps = workload.steps.slice(WARM_UP + round * perRound, WARM_UP + (round + 1) * perRound)
    const rate = turns.get('product')![round]!.rate!
    const operations = countOperations(workload, steps, base.config, LORA)
    const share = (count: number) => count / turn.seconds / rate
    return { rate, ...operations, usefulRate: share(operations.useful), doneRate: share(operations.done) }
  })
  const done = median(counted.map(({ doneRate }) => doneRate))
  const rate = median(counted.map(({ rate }) => rate))
  return {
    figures: [
      higher('train.items_per_s_vs_torch', speedRatio(own, theirs), 1.2),
      higher('train.items_per_s_vs_torch_auto', speedRatio(turns.get('ours, auto')!, theirs), 1.2),
      ...(sharing ? [higher('train.items_per_s_vs_torch_shared', speedRatio(own, sharing), 1.2)] : []),
      lower('train.peak_rss_vs_torch', peakRss(own) / peakRss(theirs), 0.8),
      lower('train.loss_difference_to_torch', lossDifference(own, theirs), LOSS_BAR),
      higher('train.useful_rate', median(counted.map(({ usefulRate }) => usefulRate)), 0.85),
    ],
    runs: { torch: { ...Object.fromEntries(turns), counted } },
    tables: [
      speedTable('a step of 8 items, passes of 1,024 tokens', turns),
      `The runtime's own product: ${format(rate / 1e9)} GFLOP/s. Counting what items share once, we do ${format(done)} of it.`,
    ],
  }
}

/** Ours at 16 long items a step, OPPU's own batch, and the same items four a step. */
export async function batchOf16({ lineup, base, items, rounds, say }: TrainBench): Promise<Part> {
  const shape = { itemsPerStep: 16, steps: 1 + rounds, maxLength: MAX_LENGTH, longest: true, tasks: 1 }
  const sixteen = makeWorkload(items, base, shape)
  const four = { ...sixteen, steps: sixteen.steps.flatMap(step => quarters(step)) }
  await using large = await lineup.ours('batch of 16', sixteen)
  await using small = await lineup.ours('batch of 4', four)
  const turns = await takeTurns(
    [
      { runner: large, steps: 1, warmUp: 1 },
      { runner: small, steps: 4, warmUp: 4 },
    ],
    rounds,
    say,
  )
  const [own, control] = [turns.get('batch of 16')!, turns.get('batch of 4')!]
  return {
    figures: [
      { name: 'train.batch16_rss_gb', value: peakRss(own) / 1e9, unit: 'GB', bar: 3, better: 'lower' },
      higher('train.batch16_speed_ratio', speedRatio(own, control), 0.85),
    ],
    runs: { batch16: Object.fromEntries(turns) },
    tables: [speedTable('the longest items, up to 512 tokens', turns)],
  }
}

export function alternating(
  items: BenchItems,
  base: BenchBase,
  itemsPerStep: number,
  rounds: number,
): Workload {
  const steps = WARM_UP + rounds * items.tasks.length
  return makeWorkload(items, base, { itemsPerStep, steps, maxLength: MAX_LENGTH })
}

function quarters(step: readonly number[]): (readonly number[])[] {
  return [0, 1, 2, 3].map(quarter => step.slice(4 * quarter, 4 * quarter + 4))
}

/** `useful`: as if every item were alone; `done`: what the passes that we make of the steps take. */
function countOperations(
  { examples }: Workload,
  steps: readonly (readonly number[])[],
  config: BenchBase['config'],
  lora: LoraSizes,
): { readonly useful: number; readonly done: number } {
  let [useful, done] = [0, 0]
  for (const step of steps) {
    const chosen = step.map(index => examples[index]!)
    const sequences = chosen.map(({ prompt, completion }) => ({
      tokens: prompt.length + completion.length - 1,
      labels: completion.length,
    }))
    useful += stepOperations(config, lora, sequences).total
    for (const { owners, prefix } of packExamples(chosen, PASS_TOKENS)) {
      const inPass = [...new Set(owners)].map(index => sequences[index]!)
      done += stepOperations(config, lora, inPass, prefix).total
    }
  }
  return { useful, done }
}
