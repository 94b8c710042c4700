/**
 * Whether a run fits into memory, decided before it starts: layers are computed anew where it would not fit otherwise, and
 * what does not fit even so is refused with what would.
 *
 * Only on the CPU: what a graphics card has, and what the runtime takes of it, is not known beforehand.
 */
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import type { Device } from '../graph/device.ts'
import { type Execution, executionOf } from '../graph/execution.ts'
import { encodeModel } from '../graph/onnx.ts'
import type { Recomputed } from '../graph/recompute.ts'
import { inputLength } from '../model/batch.ts'
import type { TrainConfig } from './config.ts'
import { measuringMemory, memoryToBeHad, peakMemory } from './memory.ts'
import { Plan } from './plan.ts'
import type { Frozen } from './precision.ts'
import { prepareRun, type Run, type TrainOptions } from './run.ts'
import { passSizes, samplePasses } from './sample.ts'
import { type TrainingGraph, trainingGraph } from './training-graph.ts'

/** What is foretold may be so far off: a run is refused only where it needs more than that too much. */
const UNCERTAINTY = 1.1
/** No smaller passes are proposed. */
const SMALLEST_PASS = 64

/** Of a run that is to be; `run` is of `options`. */
export interface FitOptions {
  readonly options: TrainOptions
  readonly run: Run
  readonly frozen: Frozen
  readonly device: Device
  /** Bytes that the process has; default: those it has now. */
  readonly resident?: number
}

export interface Fit extends TrainingGraph {
  readonly recomputed: Recomputed
  readonly execution: Execution
  /**
   * What the process has at its peak, and what it may have; undefined where it is not foretold. `countedTwice` on top of it
   * are pages of weights that the session of the validation items maps, too: the system has them once, and counts them
   * twice as resident.
   */
  readonly memory?: { readonly bytes: number; readonly countedTwice: number; readonly limit: number }
}

interface Made extends Fit {
  readonly countedTwice: number
  readonly needs: (run: Run) => number
}

/**
 * The graph that the run is to use.
 * @throws OppuError OUT_OF_MEMORY saying what to change
 */
export function fitRun({
  options,
  run,
  frozen,
  device,
  resident = process.memoryUsage.rss(),
}: FitOptions): Fit {
  const { recompute } = run.config
  const made = (recomputed: Recomputed): Made => {
    const built = trainingGraph(options.base.config, frozen.weights, run.method, frozen.int8, recomputed)
    const prepack = frozen.int8 !== undefined
    const execution = executionOf(encodeModel(built.graph, { device, prepack }))
    const measuring = executionOf(encodeModel(built.graph, { device, outputs: ['losses'] }))
    return {
      ...built,
      recomputed,
      execution,
      countedTwice: run.validation.length > 0 ? measuring.weightBytes : 0,
      needs: of => memoryOf(of, execution, measuring, resident),
    }
  }
  const asked = made(recompute === 'layers' ? 'layers' : 'cheap')
  if (device !== 'cpu') return asked
  const limit = options.maxMemory ?? memoryToBeHad(resident)
  const bytes = asked.needs(run)
  if (bytes <= limit) return foretold(asked, bytes, limit)
  const layers = recompute === 'layers' ? asked : made('layers')
  const layersBytes = layers.needs(run)
  const [chosen, taken] =
    recompute === 'none' || bytes <= layersBytes ? [asked, bytes] : [layers, layersBytes]
  if (taken <= UNCERTAINTY * limit) return foretold(chosen, taken, limit)
  const either = (of: Run): number => {
    const kept = asked.needs(of)
    return kept <= limit ? kept : Math.min(kept, layers.needs(of))
  }
  const changes =
    recompute === 'none'
      ? [
          fittingChange(options, [], asked.needs, limit),
          fittingChange(options, ['--recompute layers'], layers.needs, limit),
        ]
      : [fittingChange(options, [], either, limit)]
  throw refusal(
    run,
    taken,
    limit,
    changes.filter(change => change !== undefined),
  )
}

function foretold({ countedTwice, needs: _, ...fit }: Made, bytes: number, limit: number): Fit {
  return { ...fit, memory: { bytes, countedTwice, limit } }
}

function memoryOf(run: Run, execution: Execution, measuring: Execution, resident: number): number {
  const { items, validation, config, method } = run
  const sampled = samplePasses(run, new Plan(items.length, config))
  const kept = {
    shapes: method.shapes,
    optimizer: config.optimizer,
    isValidated: validation.length > 0,
  }
  return (
    peakMemory(execution, sampled.training.map(passSizes), kept, resident) +
    measuringMemory(measuring, sampled.validation.map(passSizes))
  )
}

/** The flags, and as few further changes as make the run fit, as they are given on the command line; with what it then takes. */
function fittingChange(
  options: TrainOptions,
  flags: readonly string[],
  needs: (run: Run) => number,
  limit: number,
): string | undefined {
  const { config, items } = prepareRun(options)
  const { batchTokens, maxLength } = config
  const longest = items.reduce((length, item) => Math.max(length, inputLength(item)), 0)
  for (let tokens = batchTokens; tokens >= SMALLEST_PASS; tokens = Math.floor(tokens / 2)) {
    const changed: Partial<TrainConfig> = {
      ...(tokens < batchTokens ? { batchTokens: tokens } : {}),
      ...(tokens < batchTokens && tokens < longest ? { maxLength: Math.min(tokens, maxLength) } : {}),
    }
    const run = runWith(options, changed)
    if (run === undefined) return undefined
    const bytes = needs(run)
    if (bytes > limit) continue
    const told = [
      ...flags,
      ...(changed.batchTokens === undefined ? [] : [`--batch-tokens ${changed.batchTokens}`]),
      ...(changed.maxLength === undefined ? [] : [`--max-length ${changed.maxLength}`]),
    ]
    return `${told.join(' ')} would take ${show(bytes)}`
  }
  return undefined
}

/** undefined where no item would be left. */
function runWith(options: TrainOptions, changed: Partial<TrainConfig>): Run | undefined {
  try {
    return prepareRun({ ...options, config: { ...options.config, ...changed } })
  } catch (error) {
    if (isOppuError(error, 'NO_USABLE_ITEMS')) return undefined
    throw error
  }
}

function refusal(run: Run, bytes: number, limit: number, changes: readonly string[]): OppuError {
  const advice =
    changes.length > 0
      ? changes.join(', ')
      : 'not even the smallest passes would fit: a smaller base is needed, or its weights in fewer bits (--precision q4)'
  return new OppuError(
    'OUT_OF_MEMORY',
    `with passes of ${run.config.batchTokens} tokens the process would take ${show(bytes)} of memory, of ${show(limit)} to be had; ${advice}; --max-memory says what else it may take`,
  )
}

function show(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
