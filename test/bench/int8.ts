/** Parts of `bench -- train`: 8-bit products for frozen weights against float32's, by speed and by loss. */
import { makeWorkload, type Workload } from './items.ts'
import { type Lineup, MAX_LENGTH } from './lineup.ts'
import { higher, lower, type Part, speedTable } from './report.ts'
import {
  lossDifference,
  meanLossDifference,
  type Rounds,
  type Runner,
  speedRatio,
  takeTurns,
} from './rounds.ts'
import { alternating, type TrainBench, WARM_UP } from './train.ts'

/** Items per second, 8 items a step. */
export async function int8AgainstFloat32({ lineup, base, items, rounds, say }: TrainBench): Promise<Part> {
  const workload = alternating(items, base, 8, rounds)
  const turns = await bothPrecisions(lineup, workload, entrants =>
    takeTurns(
      entrants.map(runner => ({ runner, steps: items.tasks.length, warmUp: WARM_UP })),
      rounds,
      say,
    ),
  )
  return {
    figures: [higher('train.int8_vs_float32', speedRatio(turns.get('int8')!, turns.get('float32')!), 1.6)],
    runs: { int8: Object.fromEntries(turns) },
    tables: [speedTable('8-bit products for frozen weights', turns)],
  }
}

/** How far the losses of 8-bit products are from float32's: steps of 4 items, a round being ten of them. */
export async function int8Losses({ lineup, base, items, say }: TrainBench, steps: number): Promise<Part> {
  const workload = makeWorkload(items, base, { itemsPerStep: 4, steps, maxLength: MAX_LENGTH })
  const turns = await bothPrecisions(lineup, workload, entrants =>
    takeTurns(
      entrants.map(runner => ({ runner, steps: 10, warmUp: 0 })),
      steps / 10,
      say,
    ),
  )
  const [int8, float32] = [turns.get('int8')!, turns.get('float32')!]
  return {
    figures: [lower('train.int8_loss_difference', meanLossDifference(int8, float32), 0.01)],
    runs: { int8Losses: { ...Object.fromEntries(turns), worst: lossDifference(int8, float32) } },
    tables: [],
  }
}

async function bothPrecisions(
  lineup: Lineup,
  workload: Workload,
  measure: (entrants: readonly Runner[]) => Promise<Rounds>,
): Promise<Rounds> {
  await using float32 = await lineup.ours('float32', workload)
  await using int8 = await lineup.ours('int8', workload, { training: { precision: 'int8' } })
  return await measure([float32, int8])
}
