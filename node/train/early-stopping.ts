/**
 * Which parameters of a run are kept: those that do best on items it does not train on, and when looking for better ones
 * ends. The values before the first update count as a candidate, so that a run which only harms gives back what it got.
 */
import { copyTensors, type Tensors } from './optimizer.ts'

/** What a checkpoint needs to go on. */
export interface ValidationState {
  /** Mean negative log-likelihood per label before the first update. */
  readonly initialLoss: number
  readonly bestLoss: number
  /** Updates done when it was measured. */
  readonly bestStep: number
  /** Measurements since then. */
  readonly since: number
  readonly best: Tensors
}

/** The state before the first update. */
export function candidate(parameters: Tensors, loss: number): ValidationState {
  return { initialLoss: loss, bestLoss: loss, bestStep: 0, since: 0, best: copyTensors(parameters) }
}

export class EarlyStopping {
  readonly #patience: number
  #state: ValidationState

  /** Begins at `state`, whose arrays it keeps and overwrites. */
  constructor(patience: number, state: ValidationState) {
    this.#patience = patience
    this.#state = state
  }

  /** Takes in a measurement after update `step`; copies the parameters where it is the best so far. */
  measured(loss: number, step: number, parameters: Tensors): void {
    const { best, since, bestLoss } = this.#state
    if (loss < bestLoss) {
      for (const [name, values] of best) values.set(parameters.get(name)!)
      this.#state = { ...this.#state, bestLoss: loss, bestStep: step, since: 0 }
    } else this.#state = { ...this.#state, since: since + 1 }
  }

  /** True when patience ran out. */
  get isOver(): boolean {
    return this.#patience > 0 && this.#state.since >= this.#patience
  }

  /** Its arrays are overwritten by later measurements. */
  get state(): ValidationState {
    return this.#state
  }
}
