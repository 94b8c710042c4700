/**
 * How fast this machine is at a run, measured on a piece of it: the first layers with the run's own method, precision and
 * device, on one of its passes. What the whole takes follows by the work that each is (`graph/effort.ts`): rates of
 * products and of memory, which differ between machines and with what else they do, need not be known one by one.
 */
import { Effort } from '../graph/effort.ts'
import { executionOf } from '../graph/execution.ts'
import { encodeModel } from '../graph/onnx.ts'
import type { DeviceAccount } from '../graph/session.ts'
import { GraphSession } from '../graph/session.ts'
import type { Batch } from '../model/batch.ts'
import { randomFrom } from '../model/random.ts'
import type { WeightFile } from '../model/weights.ts'
import type { PreparedMethod } from '../peft/method.ts'
import type { TrainConfig } from './config.ts'
import { globalNorm } from './optimizer.ts'
import { optimizers } from './optimizers.ts'
import { Passes } from './passes.ts'
import { passSizes } from './sample.ts'
import type { TrainingGraph } from './training-graph.ts'

/** Layers of the piece. Of two, what it reads stays in the processor's cache, and it is a fifth faster than the whole. */
export const PIECE_LAYERS = 6
/** Passes that are timed, fewer where they take longer than this together. */
const TIMED = 5
const LONGEST_MS = 3000

export interface Pace {
  /** Seconds for each of `Effort`'s. */
  readonly perEffort: number
  /** Seconds of an update for each parameter. */
  readonly perParameter: number
}

export async function measurePace(options: {
  readonly graph: TrainingGraph
  readonly method: PreparedMethod
  readonly weights: WeightFile
  readonly config: TrainConfig
  readonly device: DeviceAccount
  readonly prepack: boolean
  readonly batch: Batch
  readonly threads?: number
  readonly signal?: AbortSignal
}): Promise<Pace> {
  const { graph, method, weights, config, device, prepack, batch, threads, signal } = options
  const parameters = await method.initial(config.seed, weights)
  await using session = await GraphSession.open(graph.graph, {
    device,
    prepack,
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  })
  const passes = new Passes(session, graph.attached, parameters, signal === undefined ? {} : { signal })
  const pass = (round: number) => passes.gradients([batch], randomFrom(config.seed, round))
  const { gradients } = await pass(0) // touches memory for the first time
  const times: number[] = []
  const started = performance.now()
  while (times.length < TIMED && (times.length === 0 || performance.now() - started < LONGEST_MS))
    times.push(await secondsOf(() => pass(times.length + 1)))
  const model = encodeModel(graph.graph, { device: device.device })
  const effort = new Effort(executionOf(model)).of(passSizes(batch))
  const optimizer = optimizers[config.optimizer]
  const state = optimizer.init(method.shapes)
  const updates: number[] = []
  while (updates.length < TIMED)
    updates.push(
      await secondsOf(async () => {
        globalNorm(gradients)
        optimizer.update(config, state, parameters, method.shapes, gradients, { learningRate: 0 })
        globalNorm(parameters)
      }),
    )
  const count = [...parameters.values()].reduce((sum, values) => sum + values.length, 0)
  return { perEffort: median(times) / effort, perParameter: median(updates) / count }
}

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
