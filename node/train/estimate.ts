import type { Sizes } from '../graph/execution.ts'
import { type Batch, batchFeeds } from '../model/batch.ts'
import type { PassSizes } from '../peft/method.ts'

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
