/**
 * From examples to the integer tensors of a forward pass: several examples share a row, apart by segment.
 *
 * Linear layers then work on hardly any padding, and only attention knows which tokens belong together. The
 * label of a position is the token after it, so an example's last token is never an input. Which examples
 * make up an optimizer step is `train/`'s business.
 *
 * The rule for long examples, in training and scoring alike: the completion is never cut. The prompt loses its
 * middle, keeping a quarter of the room for its beginning (system prompt, instruction) and the rest for its end
 * (what is asked). A completion that does not fit by itself makes the example unusable.
 */

import type { Graph, Value } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'

/** Token ids; the loss counts only the completion, which includes its end token. With an empty prompt, its first token has no label. */
export interface Example {
  readonly id: string
  readonly prompt: readonly number[]
  readonly completion: readonly number[]
}

/** The inputs of one forward pass, row-major. */
export interface Batch {
  readonly rows: number
  /** Tokens of a row, padding included. */
  readonly length: number
  readonly tokens: BigInt64Array // [rows, length]
  readonly positions: BigInt64Array // [rows, length], restarting with every example
  readonly segments: BigInt64Array // [rows, length], 0: padding
  /** Flat places (row * length + column) whose next token is predicted. */
  readonly labelRows: BigInt64Array // [labels]
  readonly targets: BigInt64Array // [labels]
  /** For each label, the index of its example in the list that was packed. */
  readonly owners: Int32Array // [labels]
  /** Tokens that are no padding. */
  readonly realTokens: number
}

/** How many tokens go into the model: all but the last. */
export function inputLength({ prompt, completion }: Example): number {
  return prompt.length + completion.length - 1
}

/** How many tokens are predicted. */
export function labelCount({ prompt, completion }: Example): number {
  return prompt.length > 0 ? completion.length : Math.max(0, completion.length - 1)
}

/** The example within `maxLength` tokens by the rule above; undefined when it has no label or cannot fit. */
export function fitExample(example: Example, maxLength: number): Example | undefined {
  const { prompt, completion } = example
  const room = maxLength - completion.length
  if (labelCount(example) === 0 || room < Math.min(1, prompt.length)) return undefined
  if (prompt.length <= room) return example
  const head = Math.floor(room / 4)
  return { ...example, prompt: [...prompt.slice(0, head), ...prompt.slice(prompt.length - (room - head))] }
}

/**
 * Packs examples (each at most `batchTokens` long) into as many batches as it takes, longest first, each of at
 * most `batchTokens` tokens (a single longer example makes its own). Rows are as long as the longest example of
 * their batch, so attention over short examples stays cheap.
 */
export function packExamples(examples: readonly Example[], batchTokens: number): Batch[] {
  let waiting = examples
    .map((_, index) => index)
    .sort((a, b) => inputLength(examples[b]!) - inputLength(examples[a]!) || a - b)
  const batches: Batch[] = []
  while (waiting.length > 0) {
    const length = inputLength(examples[waiting[0]!]!)
    const limit = Math.max(1, Math.floor(batchTokens / Math.max(1, length)))
    const rows: { free: number; indices: number[] }[] = []
    waiting = waiting.filter(index => {
      const size = inputLength(examples[index]!)
      let row = rows.find(candidate => candidate.free >= size)
      if (row === undefined && rows.length < limit) {
        row = { free: length, indices: [] }
        rows.push(row)
      }
      if (row === undefined) return true
      row.free -= size
      row.indices.push(index)
      return false
    })
    batches.push(
      fillBatch(
        examples,
        rows.map(row => row.indices),
        length,
      ),
    )
  }
  return batches
}

function fillBatch(
  examples: readonly Example[],
  rows: readonly (readonly number[])[],
  length: number,
): Batch {
  const labels = rows.flat().reduce((sum, index) => sum + labelCount(examples[index]!), 0)
  const batch = {
    rows: rows.length,
    length,
    tokens: new BigInt64Array(rows.length * length),
    positions: new BigInt64Array(rows.length * length),
    segments: new BigInt64Array(rows.length * length),
    labelRows: new BigInt64Array(labels),
    targets: new BigInt64Array(labels),
    owners: new Int32Array(labels),
    realTokens: 0,
  }
  let label = 0
  for (const [row, indices] of rows.entries()) {
    let place = row * length
    for (const [segment, index] of indices.entries()) {
      const { prompt, completion } = examples[index]!
      const ids = [...prompt, ...completion]
      const firstTarget = Math.max(1, prompt.length)
      for (let position = 0; position < ids.length - 1; position++, place++) {
        batch.tokens[place] = BigInt(ids[position]!)
        batch.positions[place] = BigInt(position)
        batch.segments[place] = BigInt(segment + 1)
        if (position + 1 < firstTarget) continue
        batch.labelRows[label] = BigInt(place)
        batch.targets[label] = BigInt(ids[position + 1]!)
        batch.owners[label++] = index
      }
      batch.realTokens += ids.length - 1
    }
  }
  return batch
}

/** A graph's inputs for a batch of any size. */
export function batchInputs(
  graph: Graph,
): Record<'tokens' | 'positions' | 'segments' | 'labelRows' | 'targets', Value> {
  return {
    tokens: graph.input('tokens', 'int64', ['batch', 'seq']),
    positions: graph.input('positions', 'int64', ['batch', 'seq']),
    segments: graph.input('segments', 'int64', ['batch', 'seq']),
    labelRows: graph.input('labelRows', 'int64', ['labels']),
    targets: graph.input('targets', 'int64', ['labels']),
  }
}

/** The feeds for `batchInputs`. */
export function batchFeeds(batch: Batch): Record<string, Tensor> {
  const grid = [batch.rows, batch.length]
  const labels = [batch.labelRows.length]
  return {
    tokens: { dtype: 'int64', dims: grid, data: batch.tokens },
    positions: { dtype: 'int64', dims: grid, data: batch.positions },
    segments: { dtype: 'int64', dims: grid, data: batch.segments },
    labelRows: { dtype: 'int64', dims: labels, data: batch.labelRows },
    targets: { dtype: 'int64', dims: labels, data: batch.targets },
  }
}
