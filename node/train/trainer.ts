/**
 * Training as an async generator: one yield an update, the adapter at the end.
 *
 * An update takes `batchSize * gradientAccumulation` items (plan.ts), their gradients come from the runtime (passes.ts),
 * and an optimizer changes the parameters in place. Everything random comes from the seed and the update's number, so a
 * run goes on from a checkpoint (state.ts) bit for bit as if it had never stopped. What a method is, is `peft/`'s; saving
 * adapters and checkpoints is the caller's.
 */
import type { AdapterManifest } from '../../protocol/adapter.ts'
import { OppuError } from '../../protocol/errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Recomputed } from '../graph/recompute.ts'
import { chooseDevice, type DeviceAccount, GraphSession } from '../graph/session.ts'
import type { Example } from '../model/batch.ts'
import { randomFrom } from '../model/random.ts'
import type { PreparedMethod } from '../peft/method.ts'
import type { TrainConfig } from './config.ts'
import { candidate, EarlyStopping } from './early-stopping.ts'
import { fitRun } from './fit.ts'
import { clipScale, globalNorm, type Tensors } from './optimizer.ts'
import { optimizers } from './optimizers.ts'
import { Passes, stepPasses } from './passes.ts'
import { Plan } from './plan.ts'
import { openFrozen, type Precision } from './precision.ts'
import { memory, Progress } from './progress.ts'
import { beginRun, prepareRun, type Run, type TrainOptions } from './run.ts'
import { scheduleFactor } from './schedule.ts'
import { type CurvePoint, copyState, type TrainerState } from './state.ts'

export type { Example } from '../model/batch.ts'
export type { Tensors } from './optimizer.ts'
export { runIdOf, type TrainOptions } from './run.ts'
export type { CurvePoint, TrainerState } from './state.ts'
export { decodeTrainerState, encodeTrainerState } from './state-file.ts'

export interface TrainStep extends CurvePoint {
  readonly steps: number
  /** Passes over all items, as a fraction. */
  readonly epoch: number
  /** Tokens that went through the model so far in training, padding not counted; earlier sittings included. */
  readonly tokens: number
  /** Of training, over this sitting; its first step counts only while there is no other. */
  readonly tokensPerSecond: number
  /** Measurements on validation items included; less where the run stops early. */
  readonly secondsLeft: number
  /** Resident memory of this process, now and at its highest. */
  readonly memoryBytes: number
  readonly peakMemoryBytes: number
  /** Items trained on, and those left out because their completion does not fit or is empty. */
  readonly items: number
  readonly skipped: number
  /** Where there are validation items and no better measurement follows, what comes out is of this update. */
  readonly bestStep?: number
  /** On the first step of a sitting only. */
  readonly device?: DeviceAccount
  readonly precision?: Precision
  readonly recomputed?: Recomputed
  /** True when a checkpoint should be made now. */
  readonly checkpointDue: boolean
  /** The adapter as it is after this update. @throws TypeError once the next has begun to change it. */
  snapshot(): TrainedAdapter
  /**
   * A copy of all that the run is after this update; also when the next one failed, was aborted or diverged.
   * @throws TypeError as snapshot()
   */
  state(): TrainerState
}

export interface TrainedAdapter {
  /** lora: `adapter_config.json` and `adapter_model.safetensors` as PEFT writes them; full: `model.safetensors`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly manifest: AdapterManifest
  /** Of every update, whichever of them the parameters are of. */
  readonly curve: readonly CurvePoint[]
  readonly tokensPerSecond: number
  /** `early`: patience ran out. */
  readonly stopped: 'completed' | 'early'
  /** Updates after which the parameters were as they are here; 0: no update made them better on the validation items. */
  readonly bestStep: number
  /** Loss on the validation items before the first update and of what is here; where there are such items. */
  readonly validation?: { readonly initialLoss: number; readonly loss: number }
}

/**
 * @throws OppuError NO_USABLE_ITEMS; OUT_OF_MEMORY saying what to change, before the first update; DIVERGED naming the step
 *   and its items; UNKNOWN_CONFIGURATION, INVALID_ARGUMENT, also for a checkpoint of another run; BASE_MISMATCH for one of
 *   another base; INVALID_DATA for one that does not fit itself; those of `GraphSession`. An abort throws the signal's
 *   reason, at the latest after the pass that is running.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainStep, TrainedAdapter> {
  const { base, signal, now = Date.now } = options
  signal?.throwIfAborted()
  const run = prepareRun(options)
  const { config, method, items } = run
  const plan = new Plan(items.length, config)
  const optimizer = optimizers[config.optimizer]
  const device = await chooseDevice(options.device ?? 'auto')
  const state = await beginRun(options, run, device.device)
  const { parameters, precision, curve } = state
  const frozen = await openFrozen(base, precision, signal)
  const { graph, attached, recomputed } = fitRun({ options, run, frozen, device: device.device })
  await using session = await GraphSession.open(graph, {
    device,
    prepack: precision === 'int8',
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(signal === undefined ? {} : { signal }),
  })
  const passes = new Passes(session, attached, parameters, signal === undefined ? {} : { signal })
  await using scoring = await openScoring(options, run, graph, device)
  const measured = scoring === undefined ? passes : passes.on(scoring)
  const progress = new Progress(plan, config.checkpointEvery, now)
  const validate = validator(measured, progress, plan, run)
  const stopping =
    validate &&
    new EarlyStopping(config.patience, state.validation ?? candidate(parameters, await validate(0)))
  let { step, tokens } = state
  /** The update after which parameters and optimizer are as they are; undefined while they change. */
  let standing: number | undefined
  const adapterOf = (values: Tensors, bestStep: number): TrainedAdapter => ({
    files: method.files(values, base.id),
    manifest: makeManifest(options, method, { ...config, precision }, items.length, now()),
    curve: [...curve],
    tokensPerSecond: progress.tokensPerSecond,
    stopped: step < plan.steps ? 'early' : 'completed',
    bestStep,
    ...(stopping && {
      validation: { initialLoss: stopping.state.initialLoss, loss: stopping.state.bestLoss },
    }),
  })
  for (let sitting = 0; step < plan.steps && stopping?.isOver !== true; sitting++) {
    const chosen = plan.itemsOf(step).map(index => items[index]!)
    const random = randomFrom(config.seed, 3, step)
    const update = await passes.gradients(stepPasses(chosen, config, method.front.prefixTokens), random)
    const { loss, gradients } = update
    const gradientNorm = globalNorm(gradients)
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
      throw diverged(step + 1, plan, `the loss is ${loss}, the gradient's norm ${gradientNorm}`, chosen)
    const warmup = Math.ceil(config.warmup * plan.steps)
    const learningRate = config.learningRate * scheduleFactor(config.schedule, step, plan.steps, warmup)
    const scale = clipScale(gradientNorm, config.maxGradientNorm)
    standing = undefined
    optimizer.update(config, state.optimizer, parameters, method.shapes, gradients, { learningRate, scale })
    if (!Number.isFinite(globalNorm(parameters)))
      throw diverged(step + 1, plan, 'a parameter is no longer finite', chosen)
    step++
    tokens += update.tokens
    const point = { step, loss, learningRate, gradientNorm }
    if (validate && stopping && plan.isEvaluated(step)) {
      const validationLoss = await validate(step)
      stopping.measured(validationLoss, step, parameters)
      curve.push({ ...point, validationLoss })
    } else curve.push(point)
    progress.stepDone(update.tokens)
    const done = step
    standing = done
    const demandNow = () => {
      if (standing !== done) throw new TypeError(`what there was after step ${done} is gone`)
    }
    yield {
      ...curve.at(-1)!,
      steps: plan.steps,
      epoch: (step * plan.itemsPerStep) / items.length,
      tokens,
      tokensPerSecond: progress.tokensPerSecond,
      secondsLeft: stopping?.isOver ? 0 : progress.secondsLeft(step, validate !== undefined),
      ...memory(),
      items: items.length,
      skipped: options.examples.length - items.length,
      ...(stopping && { bestStep: stopping.state.bestStep }),
      ...(sitting === 0 ? { device, precision, recomputed } : {}),
      checkpointDue: progress.checkpointDue(step),
      snapshot() {
        demandNow()
        return adapterOf(parameters, done)
      },
      state() {
        demandNow()
        return copyState({ ...state, step, tokens, ...(stopping && { validation: stopping.state }) })
      },
    }
    signal?.throwIfAborted()
  }
  return stopping ? adapterOf(stopping.state.best, stopping.state.bestStep) : adapterOf(parameters, step)
}

/**
 * The forward pass by itself, for validation items: the runtime computes all of a session's graph whatever is asked for, at
 * three times the cost. Weights stay in the files that both sessions map: nothing is repacked a second time. Undefined where
 * there are no such items, and where the device has memory of its own, which would hold the weights twice.
 */
async function openScoring(
  { threads, signal }: TrainOptions,
  { validation }: Run,
  graph: Graph,
  device: DeviceAccount,
): Promise<GraphSession | undefined> {
  if (validation.length === 0 || device.device !== 'cpu') return undefined
  return await GraphSession.open(graph, {
    device,
    outputs: ['losses'],
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Measures the validation items; undefined where there are none. */
function validator(
  passes: Passes,
  progress: Progress,
  plan: Plan,
  { validation, config, method }: Run,
): ((step: number) => Promise<number>) | undefined {
  if (validation.length === 0) return undefined
  const packed = stepPasses(validation, config, method.front.prefixTokens)
  return async step => {
    const loss = await progress.evaluation(() => passes.loss(packed))
    if (Number.isFinite(loss)) return loss
    throw diverged(step, plan, `the loss on validation items is ${loss}`, validation)
  }
}

/** Items that a message names at most. */
const NAMED = 16

function diverged(step: number, plan: Plan, what: string, items: readonly Example[]): OppuError {
  const ids = items.slice(0, NAMED).map(({ id }) => id)
  const more = items.length > NAMED ? ` and ${items.length - NAMED} more` : ''
  return new OppuError('DIVERGED', `step ${step} of ${plan.steps}: ${what}; items ${ids.join(', ')}${more}`)
}

function makeManifest(
  options: TrainOptions,
  method: PreparedMethod,
  training: TrainConfig,
  items: number,
  createdAt: number,
): AdapterManifest {
  return {
    version: 1,
    baseId: options.base.id,
    method: options.method,
    config: { method: method.options, training: { ...training } },
    tensors: [...method.shapes]
      .map(([name, shape]) => ({ name, shape }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    createdAt: Math.floor(createdAt),
    trainedItems: items,
  }
}
