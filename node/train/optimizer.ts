/**
 * AdamW, gradient clipping and learning-rate schedules, on named float32 arrays. Nothing here knows a model.
 *
 * Runs in JavaScript on the few parameters that are trained: for adapters far cheaper than the step itself, and
 * the state stays where a checkpoint can read it. Arithmetic in float64, state in float32.
 * AdamW: Loshchilov and Hutter, arXiv 1711.05101, as torch.optim.AdamW orders it.
 */
export type Tensors = ReadonlyMap<string, Float32Array>

export interface AdamW {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

export interface AdamWState {
  /** Updates done. */
  readonly step: number
  readonly first: Tensors
  readonly second: Tensors
}

export function initAdamW(parameters: Tensors): AdamWState {
  const zeros = () => new Map([...parameters].map(([name, { length }]) => [name, new Float32Array(length)]))
  return { step: 0, first: zeros(), second: zeros() }
}

/**
 * One update: new parameters and new state, the old ones untouched. `scale` multiplies every gradient (clipping).
 * Decay is decoupled and, as the reference's trainers do it, spares vectors (norms and biases): `isDecayed` says.
 */
export function updateAdamW(
  { beta1, beta2, epsilon, weightDecay }: AdamW,
  state: AdamWState,
  parameters: Tensors,
  gradients: Tensors,
  options: {
    readonly learningRate: number
    readonly scale?: number
    readonly isDecayed?: (name: string) => boolean
  },
): { parameters: Tensors; state: AdamWState } {
  const { learningRate, scale = 1, isDecayed = () => true } = options
  const step = state.step + 1
  const stepSize = learningRate / (1 - beta1 ** step)
  const rootCorrection = 1 / Math.sqrt(1 - beta2 ** step)
  const next = {
    parameters: new Map<string, Float32Array>(),
    first: new Map<string, Float32Array>(),
    second: new Map<string, Float32Array>(),
  }
  for (const [name, values] of parameters) {
    const gradient = gradients.get(name)
    const [oldFirst, oldSecond] = [state.first.get(name), state.second.get(name)]
    if (gradient?.length !== values.length || oldFirst === undefined || oldSecond === undefined)
      throw new TypeError(`no gradient or state for ${name}`)
    const kept = isDecayed(name) ? 1 - learningRate * weightDecay : 1
    const newValues = new Float32Array(values.length)
    const newFirst = new Float32Array(values.length)
    const newSecond = new Float32Array(values.length)
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]! * scale
      const m = beta1 * oldFirst[i]! + (1 - beta1) * g
      const v = beta2 * oldSecond[i]! + (1 - beta2) * g * g
      newFirst[i] = m
      newSecond[i] = v
      newValues[i] = values[i]! * kept - (stepSize * m) / (Math.sqrt(v) * rootCorrection + epsilon)
    }
    next.parameters.set(name, newValues)
    next.first.set(name, newFirst)
    next.second.set(name, newSecond)
  }
  return { parameters: next.parameters, state: { step, first: next.first, second: next.second } }
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

export type ScheduleName = 'linear' | 'cosine' | 'constant'

/**
 * The learning rate's factor for update `step` (from 0) of `steps`: rises over the first `warmup` steps, then falls to 0 after
 * the last one, as transformers' get_linear_schedule_with_warmup and get_cosine_schedule_with_warmup.
 */
export function scheduleFactor(schedule: ScheduleName, step: number, steps: number, warmup: number): number {
  if (step < warmup) return step / Math.max(1, warmup)
  const progress = (step - warmup) / Math.max(1, steps - warmup)
  switch (schedule) {
    case 'constant':
      return 1
    case 'linear':
      return Math.max(0, 1 - progress)
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)))
  }
}
