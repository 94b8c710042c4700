/**
 * What a run is going to take, told beforehand: memory as `fit.ts` decides it, and time from the work of its passes
 * (`graph/effort.ts`) at the pace that this machine has on a piece of the same model (`pace.ts`).
 *
 * Nothing is trained and nothing is kept, but the base's derived files, which the run itself would make.
 */
import { Effort } from '../graph/effort.ts'
import { chooseDevice, type DeviceAccount } from '../graph/session.ts'
import { methods } from '../peft/index.ts'
import { fitRun } from './fit.ts'
import { measurePace, PIECE_LAYERS } from './pace.ts'
import { Plan } from './plan.ts'
import { choosePrecision, openFrozen, type Precision } from './precision.ts'
import { prepareRun, type TrainOptions } from './run.ts'
import { passSizes, samplePasses } from './sample.ts'
import { trainingGraph } from './training-graph.ts'

export interface RunEstimate {
  readonly device: DeviceAccount
  readonly precision: Precision
  readonly recomputed: string
  /** Updates that are still to be made, if none ends the run early; and seconds of one. */
  readonly steps: number
  readonly secondsPerStep: number
  /** Of all updates and the measurements on validation items among them. */
  readonly seconds: number
  /** What the system shows as the process's peak resident memory; absent where the device is not the cpu. */
  readonly memoryBytes?: number
  /** Of that, pages of the base's files that two sessions map: the system has them once, and counts them twice. */
  readonly memoryCountedTwiceBytes?: number
  /** What there is to be had, to hold against the one without the other. */
  readonly memoryLimitBytes?: number
}

/** @throws OppuError those of `train` before its first update, OUT_OF_MEMORY among them; the signal's reason. */
export async function estimateRun(options: TrainOptions): Promise<RunEstimate> {
  const { base, resume, signal, threads } = options
  signal?.throwIfAborted()
  const run = prepareRun(options)
  const { config, items, validation } = run
  const plan = new Plan(items.length, config)
  const device = await chooseDevice(options.device ?? 'auto')
  const choice = resume?.precision ?? config.precision
  const precision = await choosePrecision(choice, base, options.method, device.device)
  const frozen = await openFrozen(base, precision, signal)
  const { recomputed, execution, memory } = fitRun({ options, run, frozen, device: device.device })
  const sampled = samplePasses(run, plan)
  const piece = { ...base.config, layers: Math.min(PIECE_LAYERS, base.config.layers) }
  const method = methods[options.method].prepare(options.methodConfig ?? {}, piece, base.tokenizer)
  const largest = sampled.training.reduce((most, batch) =>
    batch.tokens.length > most.tokens.length ? batch : most,
  )
  const pace = await measurePace({
    graph: trainingGraph(piece, frozen.weights, method, frozen.int8, recomputed),
    method,
    weights: frozen.weights,
    config,
    device,
    prepack: precision === 'int8',
    batch: largest,
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  })
  const training = new Effort(execution)
  const efforts = sampled.updates.reduce((sum, batch) => sum + training.of(passSizes(batch)), 0)
  const parameters = [...run.method.shapes.values()].reduce(
    (sum, shape) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  )
  const secondsPerStep = (pace.perEffort * efforts) / sampled.steps + pace.perParameter * parameters
  const losses = new Effort(execution, ['losses'])
  const measuring =
    sampled.validation.reduce((sum, batch) => sum + losses.of(passSizes(batch)), 0) / sampled.share
  const done = resume?.step ?? 0
  const measurements = validation.length === 0 ? 0 : plan.evaluationsAfter(done) + (done === 0 ? 1 : 0)
  return {
    device,
    precision,
    recomputed,
    steps: plan.steps - done,
    secondsPerStep,
    seconds: (plan.steps - done) * secondsPerStep + measurements * measuring * pace.perEffort,
    ...(memory && {
      memoryBytes: memory.bytes + memory.countedTwice,
      memoryCountedTwiceBytes: memory.countedTwice,
      memoryLimitBytes: memory.limit,
    }),
  }
}
