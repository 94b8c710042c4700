/**
 * All that a run has become after an update: whoever has it, and starts the same run, goes on as if it had never stopped.
 *
 * No generator's state is in it, because order, dropout and initial values follow from the seed and the update's number.
 * How it is written down stands in state-file.ts.
 */
import type { ValidationState } from './early-stopping.ts'
import { copyTensors, type OptimizerState, type Tensors } from './optimizer.ts'
import type { Precision } from './precision.ts'
import type { RunIdentity } from './run-identity.ts'

/** What an update was like. */
export interface CurvePoint {
  /** Updates done, from 1. */
  readonly step: number
  /** Mean negative log-likelihood per label of this update's items, before it. */
  readonly loss: number
  readonly learningRate: number
  /** Before clipping. */
  readonly gradientNorm: number
  /** The same loss on the validation items, after it; where it was measured. */
  readonly validationLoss?: number
}

export interface TrainerState {
  readonly run: RunIdentity
  /** What the run computes in, `auto` decided: a later sitting does not measure again, since it could come out otherwise. */
  readonly precision: Precision
  /** Updates done. */
  readonly step: number
  /** Tokens that went through the model. */
  readonly tokens: number
  readonly parameters: Tensors
  readonly optimizer: OptimizerState
  /** One point for each update. */
  readonly curve: CurvePoint[]
  /** Where the run has validation items. */
  readonly validation?: ValidationState
}

/** The same with arrays of its own. */
export function copyState(state: TrainerState): TrainerState {
  const { parameters, optimizer, curve, validation } = state
  return {
    ...state,
    parameters: copyTensors(parameters),
    optimizer: { step: optimizer.step, tensors: copyTensors(optimizer.tensors) },
    curve: [...curve],
    ...(validation === undefined
      ? {}
      : { validation: { ...validation, best: copyTensors(validation.best) } }),
  }
}
