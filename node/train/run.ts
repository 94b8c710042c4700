/**
 * A training run before its first update: its options checked, its items fitted, its identity, and the state it starts
 * or goes on from.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { Device, DeviceChoice } from '../graph/device.ts'
import type { Example } from '../model/batch.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { elements } from '../model/weights.ts'
import { type MethodName, methods } from '../peft/index.ts'
import type { PreparedMethod } from '../peft/method.ts'
import { parseTrainConfig, type TrainConfig } from './config.ts'
import { copyTensors, type Tensors } from './optimizer.ts'
import { optimizers } from './optimizers.ts'
import { fittingItems, usableItems } from './plan.ts'
import { choosePrecision, openWeights } from './precision.ts'
import { demandSameRun, identifyRun, type RunIdentity, runId } from './run-identity.ts'
import { copyState, type TrainerState } from './state.ts'

export interface TrainOptions {
  /** For `full` with `initial`, its weights are not read; the tokenizer is for a method's options that are text. */
  readonly base: Pick<RunnableBase, 'id' | 'config' | 'weights'> &
    Partial<Pick<RunnableBase, 'tokenizer' | 'derived'>>
  readonly method: MethodName
  /** The method's options; see its schema. */
  readonly methodConfig?: unknown
  readonly examples: readonly Example[]
  /** Never trained on; where there are any that fit, the parameters that do best on them are what comes out. */
  readonly validation?: readonly Example[]
  readonly config?: Partial<TrainConfig>
  /** Values before the first step; default: the method's own. */
  readonly initial?: Tensors
  /** Where an earlier sitting of the same run stopped: goes on from there, and `initial` is not read. */
  readonly resume?: TrainerState
  readonly device?: DeviceChoice
  readonly threads?: number
  /** Bytes that this process can have beyond those it has; default: what the system says. A run that needs more is refused. */
  readonly availableMemory?: number
  /** Bytes that this process may take, about; default: those it has and what the system can give it. A run that needs more is refused. */
  readonly maxMemory?: number
  readonly signal?: AbortSignal
  /** Milliseconds since 1970; default: the clock. */
  readonly now?: () => number
}

export interface Run {
  readonly config: TrainConfig
  readonly method: PreparedMethod
  readonly items: readonly Example[]
  readonly validation: readonly Example[]
}

/** @throws OppuError NO_USABLE_ITEMS, UNKNOWN_CONFIGURATION, INVALID_ARGUMENT */
export function prepareRun(options: TrainOptions): Run {
  const { base, examples, validation = [] } = options
  const kind = methods[options.method]
  const parsed = parseTrainConfig(options.config ?? {})
  const config = { ...parsed, learningRate: parsed.learningRate || kind.learningRate }
  const method = kind.prepare(options.methodConfig ?? {}, base.config, base.tokenizer)
  const maxLength = Math.min(config.maxLength, base.config.maxPositions)
  const items = usableItems(examples, maxLength, method.front)
  return { config, method, items, validation: fittingItems(validation, maxLength, method.front) }
}

/**
 * The name of the run that these options describe, 64 hex digits: same base, method, configuration and items, same name.
 * @throws as prepareRun()
 */
export function runIdOf(options: TrainOptions): string {
  return runId(identityOf(options, prepareRun(options)))
}

/**
 * The state before the next update, in arrays that nobody else has.
 * @throws OppuError INVALID_ARGUMENT or BASE_MISMATCH for a state of another run, INVALID_DATA for one whose parts do not fit;
 *   INVALID_ARGUMENT where its precision cannot be had on this device
 * @throws TypeError for initial values of other shapes
 */
export async function beginRun(options: TrainOptions, run: Run, device: Device): Promise<TrainerState> {
  const { initial, resume, base } = options
  const { method, config } = run
  const identity = identityOf(options, run)
  const optimizer = optimizers[config.optimizer].init(method.shapes)
  if (resume !== undefined) {
    demandSameRun(identity, resume.run)
    demandParts(resume, lengthsOf(method), lengths(optimizer.tensors), run.validation.length > 0)
    await choosePrecision(resume.precision, base, options.method, device)
    return copyState(resume)
  }
  const precision = await choosePrecision(config.precision, base, options.method, device)
  const weights = await openWeights(base, precision, options.signal)
  const parameters = initial === undefined ? await method.initial(config.seed, weights) : copyTensors(initial)
  for (const [name, length] of lengthsOf(method)) {
    if (parameters.get(name)?.length !== length)
      throw new TypeError(`initial values of ${name} must be of shape [${method.shapes.get(name)}]`)
  }
  return { run: identity, precision, step: 0, tokens: 0, parameters, optimizer, curve: [] }
}

function identityOf({ base, method }: TrainOptions, run: Run): RunIdentity {
  const { config, items, validation } = run
  return identifyRun({
    base: base.id,
    method,
    methodConfig: run.method.options,
    config,
    items,
    validation,
  })
}

type Lengths = ReadonlyMap<string, number>

function demandParts(
  state: TrainerState,
  parameters: Lengths,
  optimizer: Lengths,
  isValidated: boolean,
): void {
  const { validation } = state
  const fits =
    sameLengths(state.parameters, parameters) &&
    sameLengths(state.optimizer.tensors, optimizer) &&
    state.optimizer.step === state.step &&
    state.curve.length === state.step &&
    (validation !== undefined) === isValidated &&
    (validation === undefined || sameLengths(validation.best, parameters))
  if (!fits) throw new OppuError('INVALID_DATA', 'the checkpoint does not hold what its run needs')
}

function lengthsOf({ shapes }: PreparedMethod): Lengths {
  return new Map([...shapes].map(([name, shape]) => [name, elements(shape)]))
}

function lengths(tensors: Tensors): Lengths {
  return new Map([...tensors].map(([name, values]) => [name, values.length]))
}

function sameLengths(tensors: Tensors, wanted: Lengths): boolean {
  return (
    tensors.size === wanted.size &&
    [...wanted].every(([name, length]) => tensors.get(name)?.length === length)
  )
}
