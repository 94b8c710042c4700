/**
 * Which arithmetic the products with frozen weights are done in, and the weights that it needs.
 *
 * `auto` takes 8 bits where this machine does such products much faster (processors with VNNI and the like), for bases
 * large enough to gain; what that costs in likelihood stands in test/bench/README.md. All else, and every device but
 * the CPU, is float32.
 */
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { int8Weights } from '../base/int8-file.ts'
import type { Device } from '../graph/device.ts'
import { int8Speedup } from '../graph/int8-speed.ts'
import type { Int8Weights } from '../model/int8.ts'
import type { RunnableBase } from '../model/runnable.ts'
import { type MethodName, methods } from '../peft/index.ts'
import type { TrainConfig } from './config.ts'

export type Precision = Exclude<TrainConfig['precision'], 'auto'>

type Derivable = Pick<RunnableBase, 'id' | 'config' | 'weights'> & Partial<Pick<RunnableBase, 'derived'>>

/** Smaller models have products too small to gain, and less room for error. */
const SMALLEST_WIDTH = 512
/** Without instructions for bytes it is below 1.5, with them about 3. */
const WORTH_IT = 1.8

/** @throws OppuError INVALID_ARGUMENT where 8 bits are asked for and cannot be had. */
export async function choosePrecision(
  choice: TrainConfig['precision'],
  base: Derivable,
  method: MethodName,
  device: Device,
): Promise<Precision> {
  if (choice === 'float32') return choice
  const obstacle = !methods[method].isAdapter
    ? `method ${method} trains the weights themselves`
    : device !== 'cpu'
      ? `the device is ${device}, not the cpu`
      : base.derived === undefined
        ? 'the base has no folder for derived files'
        : undefined
  if (choice === 'auto') {
    if (obstacle !== undefined || base.config.hiddenSize < SMALLEST_WIDTH) return 'float32'
    return (await int8Speedup()) >= WORTH_IT ? 'int8' : 'float32'
  }
  if (obstacle !== undefined)
    throw new OppuError('INVALID_ARGUMENT', `precision ${choice} cannot be had: ${obstacle}`)
  return choice
}

/** The base's weights in 8 bits, made beside its other derived files when they are first wanted. */
export function openInt8Weights(
  base: Derivable,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Int8Weights> {
  if (base.derived === undefined) throw new TypeError('the base has no folder for derived files')
  return int8Weights(join(base.derived, 'weights.i8'), base, options)
}
