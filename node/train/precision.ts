/**
 * Which arithmetic the products with frozen weights are done in, and the weights that it needs.
 *
 * `auto` takes 8 bits where this machine does such products much faster (processors with VNNI and the like), for bases
 * large enough to gain; what that costs in likelihood stands in test/bench/README.md. All else, and every device but
 * the CPU, is float32. Weights that stay in 8 or 4 bits save memory, not time: they are for who asks, or for a base that
 * was opened so.
 */
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { int8Weights } from '../base/int8-file.ts'
import { quantizedWeights, sourceOf } from '../base/quantized-file.ts'
import type { Device } from '../graph/device.ts'
import { isInt8MuchFaster } from '../graph/int8-speed.ts'
import type { Int8Weights } from '../model/int8.ts'
import type { RunnableBase } from '../model/runnable.ts'
import type { WeightFile } from '../model/weights.ts'
import { type MethodName, methods } from '../peft/index.ts'
import type { TrainConfig } from './config.ts'

export type Precision = Exclude<TrainConfig['precision'], 'auto'>

type Derivable = Pick<RunnableBase, 'id' | 'config' | 'weights'> & Partial<Pick<RunnableBase, 'derived'>>

/** Smaller models have products too small to gain, and less room for error. */
const SMALLEST_WIDTH = 512

/**
 * A base that was opened in 8 or 4 bits is trained over as it is.
 * @throws OppuError INVALID_ARGUMENT where what is asked for cannot be had.
 */
export async function choosePrecision(
  choice: TrainConfig['precision'],
  base: Derivable,
  method: MethodName,
  device: Device,
): Promise<Precision> {
  const wanted = choice === 'auto' ? base.weights.quantized : choice
  if (wanted === undefined) {
    const fits = base.config.hiddenSize >= SMALLEST_WIDTH && !obstacleTo('int8', base, method, device)
    return fits && (await isInt8MuchFaster()) ? 'int8' : 'float32'
  }
  const obstacle = obstacleTo(wanted, base, method, device)
  if (obstacle === undefined) return wanted
  throw new OppuError('INVALID_ARGUMENT', `precision ${wanted} cannot be had: ${obstacle}`)
}

/** Why a base cannot be trained over in this precision; undefined where it can. */
function obstacleTo(
  wanted: Precision,
  { weights, derived }: Derivable,
  method: MethodName,
  device: Device,
): string | undefined {
  const { quantized } = weights
  if (quantized !== undefined && quantized !== wanted) return `the base was opened in ${quantized}`
  if (wanted === 'float32') return undefined
  if (!methods[method].isAdapter) return `method ${method} trains the weights themselves`
  if (device !== 'cpu') return `the device is ${device}, not the cpu`
  if (quantized === undefined && derived === undefined) return 'the base has no folder for derived files'
  return undefined
}

/** What a run reads of a base. */
export interface Frozen {
  readonly weights: WeightFile
  /** For products in 8 bits. */
  readonly int8?: Int8Weights
}

/** What a run of this precision reads; made beside the base's other derived files when it is first wanted. */
export async function openFrozen(
  base: Derivable,
  precision: Precision,
  signal?: AbortSignal,
): Promise<Frozen> {
  const weights = await openWeights(base, precision, signal)
  return precision === 'int8'
    ? { weights, int8: await openInt8Weights(base, signal === undefined ? {} : { signal }) }
    : { weights }
}

/** The weights that a run of this precision reads, made beside the base's other derived files when they are first wanted. */
export async function openWeights(
  base: Derivable,
  precision: Precision,
  signal?: AbortSignal,
): Promise<WeightFile> {
  const { id, config, weights, derived } = base
  if (precision === 'float32' || precision === 'int8' || precision === weights.quantized) return weights
  if (derived === undefined) throw new TypeError('the base has no folder for derived files')
  const source = { id, config, tensors: sourceOf(weights) }
  return await quantizedWeights(derived, precision, source, signal === undefined ? {} : { signal })
}

function openInt8Weights(base: Derivable, options: { readonly signal?: AbortSignal }): Promise<Int8Weights> {
  if (base.derived === undefined) throw new TypeError('the base has no folder for derived files')
  return int8Weights(join(base.derived, 'weights.i8'), base, options)
}
