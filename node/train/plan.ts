/**
 * Which items each update sees: a function of the items' number, the configuration and the update's number, so that a
 * run can go on from any update. Only indices are planned, never tokens: a hundred thousand items cost a permutation.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { Example } from '../model/batch.ts'
import { randomFrom, shuffle } from '../model/random.ts'
import { type Front, fitBehind } from '../peft/front.ts'
import type { TrainConfig } from './config.ts'

/** The examples that can be trained on, behind what the method puts in front, those that are too long with their prompt cut. @throws OppuError NO_USABLE_ITEMS */
export function usableItems(examples: readonly Example[], maxLength: number, front: Front): Example[] {
  const items = fittingItems(examples, maxLength, front)
  if (items.length > 0) return items
  const detail =
    examples.length === 0
      ? 'there are none'
      : `none of ${examples.length} has a completion that fits into ${maxLength} tokens`
  throw new OppuError('NO_USABLE_ITEMS', `no items to train on: ${detail}`)
}

/** The same without the demand that there be any. */
export function fittingItems(examples: readonly Example[], maxLength: number, front: Front): Example[] {
  return examples
    .map(example => fitBehind(front, example, maxLength))
    .filter(example => example !== undefined)
}

export class Plan {
  readonly items: number
  /** Updates of the whole run. */
  readonly steps: number
  readonly itemsPerStep: number
  /** Updates between two measurements on validation items. */
  readonly evaluateEvery: number
  readonly #config: TrainConfig
  #epoch = -1
  #order: readonly number[] = []

  constructor(items: number, config: TrainConfig) {
    const { batchSize, gradientAccumulation, steps, epochs, evaluateEvery } = config
    this.items = items
    this.itemsPerStep = Math.min(items, batchSize * gradientAccumulation)
    this.steps = steps > 0 ? steps : Math.max(1, Math.ceil((items * epochs) / this.itemsPerStep))
    this.evaluateEvery = evaluateEvery > 0 ? evaluateEvery : Math.ceil(items / this.itemsPerStep)
    this.#config = config
  }

  /** Indices of the items of update `step` (from 0). Passes over all items follow each other, so no update is short. */
  itemsOf(step: number): number[] {
    const first = step * this.itemsPerStep
    return Array.from({ length: this.itemsPerStep }, (_, index) => this.#itemAt(first + index))
  }

  /** Whether validation items are measured when `step` updates are done: at the start, every so often, at the end. */
  isEvaluated(step: number): boolean {
    return step % this.evaluateEvery === 0 || step === this.steps
  }

  /** How often they will be after update `step`. */
  evaluationsAfter(step: number): number {
    const regular = Math.floor(this.steps / this.evaluateEvery) - Math.floor(step / this.evaluateEvery)
    return regular + (this.steps % this.evaluateEvery > 0 && step < this.steps ? 1 : 0)
  }

  #itemAt(place: number): number {
    const epoch = Math.floor(place / this.items)
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#order = orderOf(epoch, this.items, this.#config)
    }
    return this.#order[place % this.items]!
  }
}

/** One pass over all items, each in an order of its own. */
function orderOf(epoch: number, items: number, { seed, order }: TrainConfig): readonly number[] {
  const indices = Array.from({ length: items }, (_, index) => index)
  return order === 'given' ? indices : shuffle(indices, randomFrom(seed, 2, epoch))
}
