/**
 * Training as an async generator: one yield an update, the adapter at the end.
 *
 * An update takes `batchSize * gradientAccumulation` items; they are packed into as few passes of `batchTokens` as they
 * need, and each gradient is of the mean loss over all labels of the update, so neither accumulation nor packing
 * changes what is learned. Everything random comes from the seed. What a method is, is `peft/`'s; saving is the caller's.
 */
import type { AdapterManifest } from '../../protocol/adapter.ts'
import { OppuError } from '../../protocol/errors.ts'
import type { DeviceChoice } from '../graph/device.ts'
import { type DeviceAccount, GraphSession } from '../graph/session.ts'
import { type Batch, batchFeeds, type Example, fitExample, packExamples } from '../model/batch.ts'
import { randomFrom, shuffle } from '../model/random.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { elements } from '../model/weights.ts'
import { type MethodName, methods } from '../peft/index.ts'
import type { Attached, PreparedMethod } from '../peft/method.ts'
import { parseTrainConfig, type TrainConfig } from './config.ts'
import { clipScale, globalNorm, initAdamW, scheduleFactor, type Tensors, updateAdamW } from './optimizer.ts'
import { gradientName, trainingGraph } from './training-graph.ts'

export type { Example } from '../model/batch.ts'
export type { Tensors } from './optimizer.ts'

export interface TrainOptions {
  /** For `full` with `initial`, its weights are not read. */
  readonly base: Pick<RunnableBase, 'id' | 'config' | 'weights'>
  readonly method: MethodName
  /** The method's options; see its schema. */
  readonly methodConfig?: unknown
  readonly examples: readonly Example[]
  readonly config?: Partial<TrainConfig>
  /** Values before the first step; default: the method's own. */
  readonly initial?: Tensors
  readonly device?: DeviceChoice
  readonly threads?: number
  readonly signal?: AbortSignal
  /** Milliseconds since 1970; default: the clock. */
  readonly now?: () => number
}

export interface TrainStep {
  /** Updates done, from 1. */
  readonly step: number
  readonly steps: number
  /** Passes over all items, as a fraction. */
  readonly epoch: number
  /** Mean negative log-likelihood per label of this update, before it. */
  readonly loss: number
  readonly learningRate: number
  /** Before clipping. */
  readonly gradientNorm: number
  /** Tokens that went through the model so far, padding not counted. */
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly secondsLeft: number
  /** Items trained on, and those left out because their completion does not fit or is empty. */
  readonly items: number
  readonly skipped: number
  /** On the first step only. */
  readonly device?: DeviceAccount
  /** The adapter as it is after this update. */
  snapshot(): TrainedAdapter
}

export interface TrainedAdapter {
  /** lora: `adapter_config.json` and `adapter_model.safetensors` as PEFT writes them; full: `model.safetensors`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly manifest: AdapterManifest
  readonly curve: readonly { readonly step: number; readonly loss: number }[]
  readonly tokensPerSecond: number
}

/**
 * @throws OppuError NO_USABLE_ITEMS; DIVERGED naming the step; UNKNOWN_CONFIGURATION, INVALID_ARGUMENT; those of
 *   `GraphSession`. An abort throws the signal's reason, at the latest after the pass that is running.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainStep, TrainedAdapter> {
  const { base, signal, now = Date.now } = options
  signal?.throwIfAborted()
  const config = parseTrainConfig(options.config ?? {})
  const method = methods[options.method].prepare(options.methodConfig ?? {}, base.config)
  const items = usableItems(options.examples, Math.min(config.maxLength, base.config.maxPositions))
  const plan = planSteps(items.length, config)
  let parameters: Tensors = options.initial ?? (await method.initial(config.seed, base.weights))
  checkShapes(method, parameters)
  const { graph, attached } = trainingGraph(base.config, base.weights, method)
  await using session = await GraphSession.open(graph, {
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(graph.weights.length > 0 ? { weightFile: base.weights.path } : {}),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(signal === undefined ? {} : { signal }),
  })
  const upcoming = itemOrder(items, config)
  const curve: { step: number; loss: number }[] = []
  const started = now()
  let state = initAdamW(parameters)
  let tokens = 0
  let tokensPerSecond = 0
  const result = (): TrainedAdapter => ({
    files: method.files(parameters, base.id),
    manifest: makeManifest(options, method, config, items.length, now()),
    curve: [...curve],
    tokensPerSecond,
  })
  for (let index = 0; index < plan.steps; index++) {
    const batches = stepBatches(upcoming, plan.itemsPerStep, config)
    const { loss, gradients } = await gradientsOf(
      session,
      attached,
      parameters,
      batches,
      config.seed,
      index,
      signal,
    )
    const gradientNorm = globalNorm(gradients)
    const step = index + 1
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new OppuError(
        'DIVERGED',
        `step ${step} of ${plan.steps}: the loss is ${loss}, the gradient's norm ${gradientNorm}`,
      )
    }
    const learningRate =
      config.learningRate *
      scheduleFactor(config.schedule, index, plan.steps, Math.ceil(config.warmup * plan.steps))
    const updated = updateAdamW(config, state, parameters, gradients, {
      learningRate,
      scale: clipScale(gradientNorm, config.maxGradientNorm),
      isDecayed: name => method.shapes.get(name)!.length > 1,
    })
    parameters = updated.parameters
    state = updated.state
    for (const batch of batches) tokens += batch.realTokens
    curve.push({ step, loss })
    const seconds = (now() - started) / 1000
    tokensPerSecond = seconds > 0 ? tokens / seconds : 0
    yield {
      step,
      steps: plan.steps,
      epoch: (step * plan.itemsPerStep) / items.length,
      loss,
      learningRate,
      gradientNorm,
      tokens,
      tokensPerSecond,
      secondsLeft: (seconds / step) * (plan.steps - step),
      items: items.length,
      skipped: options.examples.length - items.length,
      ...(index === 0 ? { device: session.device } : {}),
      snapshot: result,
    }
    signal?.throwIfAborted()
  }
  return result()
}

function usableItems(examples: readonly Example[], maxLength: number): Example[] {
  const items = examples
    .map(example => fitExample(example, maxLength))
    .filter(example => example !== undefined)
  if (items.length > 0) return items
  const detail =
    examples.length === 0
      ? 'there are none'
      : `none of ${examples.length} has a completion that fits into ${maxLength} tokens`
  throw new OppuError('NO_USABLE_ITEMS', `no items to train on: ${detail}`)
}

interface Plan {
  readonly steps: number
  readonly itemsPerStep: number
}

function planSteps(items: number, { batchSize, gradientAccumulation, steps, epochs }: TrainConfig): Plan {
  const itemsPerStep = Math.min(items, batchSize * gradientAccumulation)
  return { itemsPerStep, steps: steps > 0 ? steps : Math.max(1, Math.ceil((items * epochs) / itemsPerStep)) }
}

/** All items, again and again, each pass in an order of its own: no update is short. */
function* itemOrder(items: readonly Example[], { seed, order }: TrainConfig): Generator<Example, never> {
  for (let epoch = 0; ; epoch++)
    yield* order === 'given' ? items : shuffle([...items], randomFrom(seed, 2, epoch))
}

/** The passes of one update. */
function stepBatches(upcoming: Iterator<Example>, itemsPerStep: number, config: TrainConfig): Batch[] {
  const chosen = Array.from({ length: itemsPerStep }, () => upcoming.next().value as Example)
  const batches: Batch[] = []
  for (let from = 0; from < chosen.length; from += config.batchSize) {
    batches.push(...packExamples(chosen.slice(from, from + config.batchSize), config.batchTokens))
  }
  return batches
}

/** Loss and gradients of the mean over all labels of these batches. */
async function gradientsOf(
  session: GraphSession,
  attached: Attached,
  parameters: Tensors,
  batches: readonly Batch[],
  seed: number,
  step: number,
  signal: AbortSignal | undefined,
): Promise<{ loss: number; gradients: Tensors }> {
  const labels = batches.reduce((sum, batch) => sum + batch.targets.length, 0)
  const random = randomFrom(seed, 3, step)
  const fixed = Object.fromEntries(
    [...attached.parameters].map(([name, { shape }]) => [
      name,
      { dtype: 'float32' as const, dims: shape as number[], data: parameters.get(name)! },
    ]),
  )
  const scale = { dtype: 'float32' as const, dims: [], data: Float32Array.of(1 / labels) }
  const gradients = new Map<string, Float32Array>()
  let total = 0
  for (const batch of batches) {
    const feeds = {
      ...batchFeeds(batch),
      ...fixed,
      scale,
      ...attached.noise({ tokens: batch.tokens.length, labels: batch.targets.length }, random),
    }
    const outputs = await session.run(feeds, signal === undefined ? {} : { signal })
    for (const loss of outputs.losses!.data as Float32Array) total += loss
    for (const name of attached.parameters.keys())
      addGradient(gradients, name, outputs[gradientName(name)]!.data as Float32Array)
  }
  return { loss: total / labels, gradients }
}

function addGradient(sums: Map<string, Float32Array>, name: string, gradient: Float32Array): void {
  const sum = sums.get(name)
  if (sum === undefined) sums.set(name, gradient)
  else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]!
}

function checkShapes(method: PreparedMethod, parameters: Tensors): void {
  for (const [name, shape] of method.shapes) {
    if (parameters.get(name)?.length !== elements(shape))
      throw new TypeError(`initial values of ${name} must be of shape [${shape}]`)
  }
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
