/**
 * What an optimizer is to the trainer: a state that starts empty and an update that changes parameters and state in place.
 *
 * Runs in JavaScript on the few parameters that are trained: for adapters far cheaper than the step itself, and the
 * state stays where a checkpoint can read it. In place, because a run of a million updates must not make new arrays in
 * each; whoever needs the values before copies them. Arithmetic in float64, state in float32, so a state that was
 * written down and read back goes on with the same bits. The optimizers stand beside this file, their names in
 * optimizers.ts.
 */
import { elements } from '../model/weights.ts'

export type Tensors = ReadonlyMap<string, Float32Array>
export type Shapes = ReadonlyMap<string, readonly number[]>

export interface OptimizerState {
  /** Updates done. */
  step: number
  /** What the optimizer remembers, as `KIND/PARAMETER`: `first/w`. Its names and lengths follow from the shapes. */
  readonly tensors: Tensors
}

export interface OptimizerSettings {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

export interface UpdateOptions {
  readonly learningRate: number
  /** Multiplies every gradient (clipping). Default 1. */
  readonly scale?: number
}

export interface Optimizer {
  init(shapes: Shapes): OptimizerState
  /**
   * One update of every parameter and of the state. Weight decay is decoupled and spares what `isDecayed` does not name.
   * @throws TypeError when a gradient or a part of the state is missing or of another length; nothing is changed for that
   *   parameter then.
   */
  update(
    settings: OptimizerSettings,
    state: OptimizerState,
    parameters: Tensors,
    shapes: Shapes,
    gradients: Tensors,
    options: UpdateOptions,
  ): void
}

/**
 * Whether weight decay applies to a parameter of this shape. Biases, norms' gains and other vectors are spared, as the
 * reference's trainers do; matrices are not, be they of one column.
 */
export function isDecayed(shape: readonly number[]): boolean {
  return shape.length > 1
}

/** Zeros for each parameter under each kind. */
export function zeroState(shapes: Shapes, kinds: readonly string[]): OptimizerState {
  const tensors = new Map<string, Float32Array>()
  for (const [name, shape] of shapes)
    for (const kind of kinds) tensors.set(`${kind}/${name}`, new Float32Array(elements(shape)))
  return { step: 0, tensors }
}

/** The tensor `name` of this length. @throws TypeError */
export function tensorOf(tensors: Tensors, name: string, length: number): Float32Array {
  const found = tensors.get(name)
  if (found?.length !== length) throw new TypeError(`no ${name} of ${length} numbers`)
  return found
}

export function copyTensors(tensors: Tensors): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, values]) => [name, values.slice()]))
}

/** Euclidean norm over all gradients together. */
export function globalNorm(gradients: Tensors): number {
  let sum = 0
  for (const gradient of gradients.values())
    for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!
  return Math.sqrt(sum)
}

/** The factor that brings a norm down to `limit` (0: no limit), as torch.nn.utils.clip_grad_norm_. */
export function clipScale(norm: number, limit: number): number {
  return limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1
}
