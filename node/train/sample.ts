/**
 * Which passes a run will make, for foretelling what it takes: all of them where they are few, else those of some of its
 * updates, evenly spread.
 */
import type { Sizes } from '../graph/execution.ts'
import {
  type Batch,
  batchFeeds,
  type Example,
  inputLength,
  labelCount,
  packExamples,
} from '../model/batch.ts'
import type { PassSizes } from '../peft/method.ts'
import { stepPasses } from './passes.ts'
import type { Plan } from './plan.ts'
import type { Run } from './run.ts'

/** Updates, or batches of validation items, that are looked at. */
const SAMPLED = 48

export interface Sampled {
  /** Passes of the updates that were looked at, and how many updates these are. */
  readonly updates: readonly Batch[]
  readonly steps: number
  /** The same, and those that take most. */
  readonly training: readonly Batch[]
  /** Passes of one measurement on the validation items, and the share of the items that they hold. */
  readonly validation: readonly Batch[]
  readonly share: number
}

export function samplePasses({ items, validation, config, method }: Run, plan: Plan): Sampled {
  const { prefixTokens } = method.front
  const steps = spread(plan.steps, SAMPLED)
  const updates = steps.flatMap(step =>
    stepPasses(
      plan.itemsOf(step).map(index => items[index]!),
      config,
      prefixTokens,
    ),
  )
  const training = [...updates]
  // No pass has more tokens or labels than `batchTokens` allows, but for an item that is larger by itself.
  if (steps.length < plan.steps)
    for (const measure of [inputLength, labelCount])
      training.push(...packExamples([largest(items, measure)], config.batchTokens, prefixTokens))
  const some = validation.slice(0, SAMPLED * config.batchSize)
  return {
    updates,
    steps: steps.length,
    training,
    validation: stepPasses(some, config, prefixTokens),
    share: validation.length === 0 ? 1 : some.length / validation.length,
  }
}

/** What the symbols of a training graph stand for in a pass. */
export function passSizes(batch: Batch): Sizes & PassSizes {
  const { tokens, rows, block, targets } = batch
  return {
    tokens: tokens.length,
    prefix: batchFeeds(batch).prefix!.dims[0]!,
    rows,
    block,
    labels: targets.length,
  }
}

/** `count` of the numbers below `end`, the last among them. */
function spread(end: number, count: number): number[] {
  const taken = Math.min(end, count)
  return Array.from({ length: taken }, (_, i) => Math.ceil(((i + 1) * end) / taken) - 1)
}

function largest(items: readonly Example[], measure: (item: Example) => number): Example {
  return items.reduce((most, item) => (measure(item) > measure(most) ? item : most))
}
